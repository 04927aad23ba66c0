// Features as ``document.packed`` writes them. A line is one list of whole millionths of a degree: the way from the last place
// to each further one; so is the first place of a feature, from the last one of the feature before.
const unpacked = (packed, names) => {
    let [lon, lat] = [0, 0];
    const places = (part) => {
        if (Array.isArray(part[0])) return part.map(places);
        const line = [];
        for (let n = 0; n < part.length; n += 2) line.push([(lon += part[n]) / 1e6, (lat += part[n + 1]) / 1e6]);
        return line;
    };
    const types = ["LineString", "MultiLineString", "Polygon", "MultiPolygon"];
    return {
        type: "FeatureCollection",
        features: packed.map(([type, coordinates, ...values]) => ({
            type: "Feature",
            properties: Object.fromEntries(names.map((name, place) => [name, values[place]])),
            geometry: {type: types[type], coordinates: places(coordinates)},
        })),
    };
};
