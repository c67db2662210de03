// Clients of socket.io-client, driven from Python: a command in JSON per line of stdin, a report per line of stdout.
// Usage: node socketio-clients.mjs NODE_MODULES
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const require = createRequire(process.argv[2] + "/");
const { io } = require("socket.io-client");
const sockets = new Map();

function report(line) {
  process.stdout.write(JSON.stringify(line) + "\n");
}

const commands = {
  open({ client, url, options }) {
    const socket = io(url, { forceNew: true, reconnectionDelay: 50, reconnectionDelayMax: 200, ...options });
    sockets.set(client, socket);
    socket.on("connect", () =>
      report({ client, event: "connect", args: [{ id: socket.id, recovered: socket.recovered, transport: socket.io.engine.transport.name }] }),
    );
    socket.on("disconnect", (reason) => report({ client, event: "disconnect", args: [reason] }));
    socket.on("connect_error", (error) =>
      report({ client, event: "connect_error", args: [{ message: error.message, data: error.data, context: error.context?.status }] }),
    );
    socket.on("error", (...args) => report({ client, event: "error", args }));
    socket.onAny((event, ...args) => event !== "error" && report({ client, event, args }));
    socket.io.engine?.on("upgrade", (transport) => report({ client, event: "upgrade", args: [transport.name] }));
  },
  emit({ client, event, args, ack }) {
    const socket = sockets.get(client);
    if (ack === undefined) socket.emit(event, ...args);
    else socket.emit(event, ...args, (...answer) => report({ client, ack, args: answer }));
  },
  binary({ client, event, ack }) {
    const socket = sockets.get(client);
    const data = { file: Buffer.from([1, 2, 3]) };
    socket.emit(event, data, (...answer) => report({ client, ack, args: answer }));
  },
  cut({ client }) {
    sockets.get(client).io.engine.close();
  },
  connect({ client }) {
    sockets.get(client).connect();
  },
  disconnect({ client }) {
    sockets.get(client).disconnect();
  },
};

createInterface({ input: process.stdin })
  .on("line", (line) => {
    const command = JSON.parse(line);
    commands[command.do](command);
  })
  .on("close", () => process.exit(0));
