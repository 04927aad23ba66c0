/** How high the header is drawn, for what stays below it; one that would take much of the screen goes with the page. */

/** A part of the screen's height: more of it is the page's. */
const MOST = 1 / 4;

export function watchHeader() {
  const header = document.querySelector(".site-header");
  const inner = header?.firstElementChild;
  if (!header || !inner) return;
  const { style } = document.documentElement;
  const tell = () => {
    const { height } = inner.getBoundingClientRect();
    const stays = height <= innerHeight * MOST;
    header.classList.toggle("site-header--passing", !stays);
    // One row is what the styles know by themselves: telling them would have the whole page reckoned anew.
    if (stays && height === parseFloat(getComputedStyle(inner).minBlockSize)) style.removeProperty("--header-height");
    else style.setProperty("--header-height", stays ? `${height}px` : "0px");
  };
  new ResizeObserver(tell).observe(inner);
  // A keyboard takes a part of the screen's height; the header remains as it is.
  addEventListener("resize", tell);
}
