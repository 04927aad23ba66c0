(border, layer) => {
    const name = document.createElement("span");
    name.textContent = border.properties.name;
    layer.bindTooltip(name, {permanent: true, direction: "center", className: "border-name"});
}
