// WebSocket, WebSocketPair, and what the rest of the runtime layer has to do with them.

import { setWebSockets } from "../web/web_sockets.js";
import { deliver } from "./websocket/port.js";
import { fromGateway, isWebSocket, pass } from "./websocket/web_socket.js";

export { WebSocketRequestResponsePair } from "./websocket/request_response_pair.js";
export { WebSocket } from "./websocket/web_socket.js";
export { WebSocketPair } from "./websocket/web_socket_pair.js";

setWebSockets({ isWebSocket, fromGateway, pass: pass as never, deliver });
