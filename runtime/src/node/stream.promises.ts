// https://nodejs.org/api/stream.html#streams-promises-api

import streams from "node:stream";

const { promises } = streams;

export default promises;
export const { finished, pipeline } = promises;
