// Loaded into Portkey's gateway before its own code: the program is as published, and its network is limited.
//
// The gateway has no option for its address and would listen on every interface. Here it listens on loopback only. It
// would also connect to any host. Here it connects to loopback only, and each request for another host is recorded.
// The one host that it knows on its own, api.openai.com, stands for the embedded service on the port in the query
// (`upstream=8765`), without TLS. Only the way to this host passes on which dialect the client speaks.
'use strict';

const fs = require('node:fs');
const https = require('node:https');
const http = require('node:http');
const net = require('node:net');
const { syncBuiltinESMExports } = require('node:module');

const HERE = ['127.0.0.1', '::1', 'localhost'];
const SERVICE = 'api.openai.com';

const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (...words) {
  if (typeof words[0] === 'object' && words[0] !== null) {
    words[0] = { ...words[0], host: '127.0.0.1' };
  } else {
    const called = words.find((word) => typeof word === 'function');
    words = [{ port: Number(words[0]), host: '127.0.0.1' }, ...(called ? [called] : [])];
  }
  return listen.apply(this, words);
};

const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (...words) {
  const told = Array.isArray(words[0]) ? words[0][0] : words[0];
  const host = typeof told === 'object' && told !== null ? (told.path ? 'localhost' : (told.host ?? 'localhost')) : words[1];
  if (!HERE.includes(host ?? 'localhost')) {
    fs.appendFileSync(process.env.ELSEWHERE, `${host}\n`);
    process.nextTick(() => this.destroy(new Error('there is no network but loopback')));
    return this;
  }
  return connect.apply(this, words);
};

const request = https.request;
https.request = function (options, ...words) {
  if (options.host !== SERVICE) return request.call(this, options, ...words);
  const port = Number(new URL(options.path, `https://${SERVICE}`).searchParams.get('upstream'));
  const here = { host: '127.0.0.1', port }; // also in the header: the service refuses a request for another host
  const createConnection = () => net.connect(here);
  const plain = { protocol: 'http:', defaultPort: 80, agent: undefined };
  return http.request({ ...options, ...here, ...plain, createConnection }, ...words);
};
syncBuiltinESMExports();
