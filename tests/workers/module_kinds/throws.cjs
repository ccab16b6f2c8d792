const place = "the second line";
throw new TypeError(`from ${place}`);
