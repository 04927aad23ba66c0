(() => {
    const {names, colours, play, pause} = STEPS;
    const bar = document.querySelector(".steps");
    const [button, slider, words] = ["button", "input", "output"].map((name) => bar.querySelector(name));
    const legends = document.querySelectorAll(".legend > div");
    const paths = (window.steppedCells ?? []).map((layer) => {
        const path = layer.getElement();
        return {path, own: path.getAttribute("class"), steps: layer.feature.properties.steps};
    });
    let playing = 0;

    const show = () => {
        const step = Number(slider.value);
        for (const {path, own, steps} of paths) {
            const colour = step ? colours[parseInt(steps[step - 1], 36)] : null;
            path.setAttribute("class", colour ? `cell ${colour} leaflet-interactive` : own);
        }
        words.textContent = names[step];
        slider.setAttribute("aria-valuetext", names[step]);
        legends.forEach((legend, number) => { legend.hidden = (number > 0) !== (step > 0); });
    };
    const stop = () => {
        clearInterval(playing);
        playing = 0;
        button.textContent = play;
    };
    const next = () => {
        slider.value = Number(slider.value) + 1;
        show();
        if (slider.value === slider.max) stop();
    };

    slider.addEventListener("input", () => { stop(); show(); });
    button.addEventListener("click", () => {
        if (playing) return stop();
        if (slider.value === slider.max) slider.value = 0;
        button.textContent = pause;
        playing = setInterval(next, 900);
        next();
    });
    // A browser that goes back to the page keeps where the slider was.
    show();
    // Until now nobody would have heard them.
    button.disabled = slider.disabled = false;
})();
