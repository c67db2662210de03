// Charts: uPlot, minified.

export { default } from "uplot";
