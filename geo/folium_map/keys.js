(() => {
    // All cells are one stop of the Tab key: the arrows lead from one to the next.
    const ways = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]};
    const cells = [...document.querySelectorAll("path.cell")];
    const middle = (cell) => {
        const {left, top, width, height} = cell.getBoundingClientRect();
        return [left + width / 2, top + height / 2];
    };
    const stop = (cell) => cells.forEach((other) => other.setAttribute("tabindex", other === cell ? "0" : "-1"));
    stop(cells[0]);
    document.querySelector("main").addEventListener("keydown", (event) => {
        const way = ways[event.key];
        const from = event.target.closest("path.cell");
        if (!way || !from || event.altKey || event.ctrlKey || event.metaKey) return;
        const [x, y] = middle(from);
        let next = null;
        let least = Infinity;
        for (const cell of cells) {
            // Leaflet draws nothing of what is out of sight.
            if (!cell.getBoundingClientRect().width) continue;
            const [dx, dy] = [middle(cell)[0] - x, middle(cell)[1] - y];
            const along = dx * way[0] + dy * way[1];
            const aside = Math.abs(dx * way[1]) + Math.abs(dy * way[0]);
            // Rather straight ahead than near, never behind.
            if (along > 1 && aside <= along && along + 2 * aside < least) [next, least] = [cell, along + 2 * aside];
        }
        if (!next) return;
        event.preventDefault();
        // The map would move with the same keys.
        event.stopPropagation();
        stop(next);
        // A browser that scrolls to it would push the map out of its frame.
        next.focus({preventScroll: true});
    });
})();
