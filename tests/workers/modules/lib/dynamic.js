import { name } from "./static.js";
export default `dynamic beside ${name}`;
