// connect(): where to, and how.

import { RegExpExec, RegExpMatches } from "../../primordials.js";
import { requireArguments, toDictionary } from "../../web/webidl.js";
import { type HowToConnect, newSocket, type Socket } from "./socket.js";

const { TypeError, Number } = globalThis;
const { isInteger } = Number;

interface SocketAddress {
  hostname: string;
  port: number;
}

interface SocketOptions {
  secureTransport: string;
  allowHalfOpen: boolean;
  highWaterMark: number | bigint;
}

/** Opens a TCP connection. What goes wrong with it rejects `opened` and `closed`. */
export function connect(address: unknown, options?: unknown): Socket {
  requireArguments("connect", arguments.length, 1);
  return newSocket({ ...toAddress(address), ...toOptions(options) });
}

function toAddress(address: unknown): { hostname: string; port: number } {
  let hostname: string;
  let port: number;
  if (typeof address === "object" && address !== null) {
    const given = toDictionary<SocketAddress>(address, "SocketAddress");
    hostname = `${given.hostname}`;
    port = Number(given.port);
  } else {
    const parts = RegExpExec(ADDRESS, `${address}`);
    if (parts === null) throw new TypeError("Specified address could not be parsed.");
    hostname = (parts[1] ?? parts[2]) as string;
    port = Number(parts[3]);
  }
  const bare = RegExpExec(BRACKETS, hostname)?.[1] ?? hostname;
  if (!RegExpMatches(HOST, bare)) {
    throw new TypeError(
      "Specified address is empty string, contains unsupported characters or is too long.",
    );
  }
  if (!isInteger(port) || port < 0 || port > 65535) {
    throw new TypeError("Specified address has no port, or one that is none.");
  }
  return { hostname: bare, port };
}

function toOptions(options: unknown): Omit<HowToConnect, "hostname" | "port"> {
  const { secureTransport, allowHalfOpen, highWaterMark } = toDictionary<SocketOptions>(
    options,
    "SocketOptions",
  );
  const kind = secureTransport === undefined ? "off" : `${secureTransport}`;
  if (kind !== "off" && kind !== "on" && kind !== "starttls") {
    throw new TypeError(`Unsupported value in secureTransport socket option: ${kind}`);
  }
  return {
    secureTransport: kind,
    allowHalfOpen: !!allowHalfOpen,
    highWaterMark: highWaterMark === undefined ? undefined : Number(highWaterMark),
  };
}

/** "host:port" or "[v6]:port". */
const ADDRESS = /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,5})$/;
const BRACKETS = /^\[(.*)\]$/;
const HOST = /^[A-Za-z0-9._:-]{1,255}$/;
