({properties: {name}}, layer) => {
    if (name) (window.namedStreets ??= []).push({name, rank: RANK, layer});
}
