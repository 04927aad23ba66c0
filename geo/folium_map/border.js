(border, layer) => {
    const name = document.createElement("span");
    // In two lines where it is long, never within a part of a name.
    name.textContent = border.properties.name.replaceAll("-", "\u2011");
    layer.bindTooltip(name, {permanent: true, direction: "center", className: "border-name"});
}
