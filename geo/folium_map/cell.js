((said) => (cell, layer) => {
    // Words go in as text, never as markup.
    const words = () => {
        const box = document.createElement("div");
        cell.properties.lines.forEach((line, number) => {
            const element = number ? "span" : "strong";
            box.appendChild(document.createElement("div")).appendChild(document.createElement(element)).textContent = said[line];
        });
        return box;
    };
    layer.bindTooltip(words, {sticky: true, className: "cell-words"});
    layer.bindPopup(() => {
        const box = words();
        if (!cell.properties.rows) return box;
        const link = box.appendChild(document.createElement("a"));
        link.href = ROWS_URL.replace("{cell}", cell.properties.id);
        link.target = "_blank";
        link.rel = "noopener";
        link.textContent = ROWS_LABEL;
        return box;
    }, {className: "cell-words"});
    // One of the two is enough: an open popup says what the tooltip would.
    layer.on("popupopen", () => layer.closeTooltip());
    if (cell.properties.steps) (window.steppedCells ??= []).push(layer);
})(SAID)
