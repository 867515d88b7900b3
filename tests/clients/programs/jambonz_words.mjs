// jambonz' own SDK of its audio sockets: what it says, and what it takes messages for.
import { EventEmitter } from 'node:events';
import { AudioStream } from '@jambonz/sdk/websocket';

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const said = [];
class Socket extends EventEmitter {
  readyState = 1;
  send(message) { said.push(typeof message === 'string' ? JSON.parse(message) : { binary: message.toString('base64') }); }
  close() {}
}
const socket = new Socket();
const { start, messages } = JSON.parse(process.env.PHONE_WORDS);
const stream = new AudioStream(socket, start, quiet);
stream.sendAudio(Buffer.from([1, 2, 3, 4]));
stream.sendMark('m1');
stream.killAudio();
stream.disconnect();
stream.playAudio('AQIDBA==', { sampleRate: 16000, id: '1', queuePlay: true });

const heard = [];
for (const event of ['dtmf', 'mark', 'playDone']) stream.on(event, (what) => heard.push([event, what]));
for (const message of messages) socket.emit('message', Buffer.from(message), false);
console.log(JSON.stringify({ said, heard, callSid: stream.callSid, sampleRate: stream.sampleRate }));
