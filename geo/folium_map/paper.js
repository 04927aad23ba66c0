(() => {
    // Nothing is drawn anew for paper: the map is put into its middle as it is on the screen, as large as there is room.
    const [width, height] = [680, 600];
    const measure = () => {
        const map = document.querySelector(".leaflet-container");
        const style = document.documentElement.style;
        style.setProperty("--screen-width", `${map.clientWidth}px`);
        style.setProperty("--screen-height", `${map.clientHeight}px`);
        // Below the map the legend has some three of its entries in a line.
        const room = height - 40 - 24 * Math.ceil(document.querySelectorAll(".legend li").length / 3);
        style.setProperty("--on-paper", Math.min(width / map.clientWidth, room / map.clientHeight));
    };
    // A print lays the page out anew, too: what it measures then is not the screen.
    addEventListener("resize", () => { if (!matchMedia("print").matches) measure(); });
    measure();
})();
