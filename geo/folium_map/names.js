((map) => {
    // Names of streets along them, the larger streets first; where two would meet, the second is left out.
    const pane = map.createPane("names");
    pane.classList.add("leaflet-zoom-hide");
    pane.setAttribute("aria-hidden", "true");
    const [step, gap] = [4, 13];
    const from = [11.5, 12.5, 13.75, 14.75];
    const pen = document.createElement("canvas").getContext("2d");
    const streets = (window.namedStreets ?? []).sort((a, b) => a.rank - b.rank);

    // Runs of places ``step`` pixels apart that are seen.
    const runs = (line, seen) => {
        const found = [];
        let run = [], left = 0;
        for (let n = 1; n < line.length; n++) {
            const [a, b] = [line[n - 1], line[n]];
            const long = a.distanceTo(b);
            if (!seen.intersects(L.bounds(a, b))) {
                found.push(run);
                [run, left] = [[], 0];
                continue;
            }
            for (; left <= long; left += step) {
                const at = L.point(a.x + (b.x - a.x) * left / (long || 1), a.y + (b.y - a.y) * left / (long || 1));
                if (seen.contains(at)) run.push(at);
                else if (run.length) {
                    found.push(run);
                    run = [];
                }
            }
            left -= long;
        }
        return [...found, run];
    };

    // Where names of districts stand: one gives way, up or down and then to a side too, where another stands, and has no place where that is not enough.
    const moves = [0, -0.3, 0.3].flatMap((side) => [0, 0.4, -0.4, 0.8, -0.8, 1.2, -1.2].map((down) => [side, down]));
    const boxes = (corner) => {
        const frame = map.getContainer().getBoundingClientRect();
        const placed = [];
        for (const word of map.getPane("tooltipPane").querySelectorAll(".border-name span")) {
            word.style.translate = "";
            const letters = document.createRange();
            letters.selectNodeContents(word);
            const box = letters.getBoundingClientRect();
            const at = corner.add([box.left - frame.left, box.top - frame.top]);
            const moved = moves.map(([side, down]) => [side * box.width, down * box.height]).find(([side, down]) => {
                const here = L.bounds(at.add([side - 2, down]), at.add([side + box.width + 2, down + box.height]));
                return !placed.some((other) => other.overlaps(here));
            });
            word.style.visibility = moved === undefined ? "hidden" : "";
            if (moved === undefined) continue;
            const [side, down] = moved;
            word.style.translate = `${side}px ${down}px`;
            placed.push(L.bounds(at.add([side - 4, down - 4]), at.add([side + box.width + 4, down + box.height + 4])));
        }
        return placed;
    };

    // The straight piece of the run that is nearest to its middle and that no other name is at.
    const piece = (run, count, taken, names) => {
        const middle = (run.length - count) / 2;
        for (let off = 0; off <= middle; off += 5) {
            for (const first of [Math.round(middle - off), Math.round(middle + off)]) {
                const [a, b] = [run[first], run[first + count - 1]];
                if (!b || a.distanceTo(b) < 0.99 * step * (count - 1)) continue;
                // Where its letters stand: on the way from end to end.
                const part = run.slice(first, first + count).map((_at, n) => a.add(b.subtract(a).multiplyBy(n / (count - 1))));
                if (part.some((at) => taken.some((other) => other.distanceTo(at) < gap) || names.some((box) => box.contains(at)))) continue;
                return part;
            }
        }
        return null;
    };

    const draw = () => {
        const [zoom, words, done, taken] = [map.getZoom(), [], new Set(), []];
        const corner = map.containerPointToLayerPoint([0, 0]);
        const seen = L.bounds(corner.add([8, 8]), corner.add(map.getSize()).subtract([8, 24]));
        const names = boxes(corner);
        pen.font = getComputedStyle(pane).font;
        for (const {name, rank, layer} of streets) {
            if (zoom < from[rank] || done.has(name)) continue;
            const count = Math.ceil((pen.measureText(name).width + 8) / step);
            const places = layer.getLatLngs();
            const lines = (Array.isArray(places[0]) ? places : [places]).map((line) => line.map((at) => map.latLngToLayerPoint(at)));
            const found = lines.flatMap((line) => runs(line, seen)).filter((run) => run.length >= count);
            found.sort((a, b) => b.length - a.length);
            let part = null;
            for (const run of found) if ((part = piece(run, count, taken, names))) break;
            if (!part) continue;
            done.add(name);
            taken.push(...part.filter((_at, number) => number % 2 === 0));
            const [a, b] = part[0].x <= part.at(-1).x ? [part[0], part.at(-1)] : [part.at(-1), part[0]];
            const word = document.createElement("span");
            word.textContent = name;
            word.style.transform = `translate(${(a.x + b.x) / 2}px, ${(a.y + b.y) / 2}px) rotate(${Math.atan2(b.y - a.y, b.x - a.x)}rad) translate(-50%, -50%)`;
            words.push(word);
        }
        pane.replaceChildren(...words);
    };
    map.on("zoomend moveend resize", draw);
    draw();
})(MAP);
