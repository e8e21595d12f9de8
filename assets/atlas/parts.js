/* The parts of maps: those of the page have ids, those that stand elsewhere classes. */

export const MAP_PARTS = ["titles", "points", "axes", "marks", "tip"];

export const mapPart = (host, name) => host.querySelector(`#${name}, .map-${name}`);
