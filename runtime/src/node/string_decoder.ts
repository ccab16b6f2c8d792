// https://nodejs.org/api/string_decoder.html

import decoders from "string_decoder/";

export const { StringDecoder } = decoders;
export default decoders;
