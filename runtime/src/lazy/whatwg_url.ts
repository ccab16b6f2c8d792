// Evaluated when the first URL appears that url_plain.ts does not know the parts of: the URL parser
// proper weighs a sixth of the snapshot.

export {
  basicURLParse,
  cannotHaveAUsernamePasswordPort,
  hasAnOpaquePath,
  serializeHost,
  serializePath,
  serializeURL,
  serializeURLOrigin,
  setThePassword,
  setTheUsername,
} from "whatwg-url/lib/url-state-machine.js";
export { parseUrlencodedString } from "whatwg-url/lib/urlencoded.js";
