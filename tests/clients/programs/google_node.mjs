// Google's example for the command line of Node, as it is, with a microphone and a speaker that are
// not there: the microphone is a recording in real time.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { assert, check, main } from './checks.mjs';

const SCRIPT = `${process.env.EXAMPLES}/gemini-live-api-examples/command-line/node/main.mts`;

const MIC = `
const { readFileSync } = require('node:fs');
const { PassThrough } = require('node:stream');
// The canonical header of a WAV file; a second of silence before, and silence for ever after.
const sound = readFileSync(process.env.SPEECH_FOLDER + '/cards-001.wav').subarray(44);
module.exports = ({ rate }) => {
  const size = Number(rate) / 50 * 2;
  const stream = new PassThrough();
  const begin = () => {
    let at = -Number(rate) * 2;
    setInterval(() => {
      const block = Buffer.alloc(size);
      if (at >= 0 && at < sound.length) sound.copy(block, 0, at, at + size);
      at += size;
      stream.write(block);
    }, 20);
  };
  return { getAudioStream: () => stream, start: begin };
};
`;

const SPEAKER = `
const { Writable } = require('node:stream');
let played = 0;
module.exports = class Speaker extends Writable {
  _write(chunk, _, done) {
    played += chunk.length;
    console.log('[played ' + played + ' bytes]');
    setTimeout(done, chunk.length / 48);
  }
};
`;

function fake(name, text) {
  const folder = `node_modules/${name}`;
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/package.json`, JSON.stringify({ name, main: 'index.cjs' }));
  writeFileSync(`${folder}/index.cjs`, text);
}

check('command_line', async () => {
  // It is run beside its packages, which lie here.
  process.chdir(import.meta.dirname);
  fake('mic', MIC);
  fake('speaker', SPEAKER);
  copyFileSync(SCRIPT, 'main.mts');
  const script = spawn(process.execPath, ['--import', 'tsx', 'main.mts'], {
    env: { ...process.env, GEMINI_API_KEY: 'any-key' },
  });
  let seen = '';
  for (const output of [script.stdout, script.stderr]) output.on('data', (data) => { seen += data; });
  const signal = AbortSignal.timeout(30_000);
  const ended = once(script, 'close').then(() => Promise.reject(new Error('it has ended')));
  try {
    while (!/clubs[^]*clubs/i.test(seen) || !/played \d{5}/.test(seen)) {
      await Promise.race([once(script.stdout, 'data', { signal }), ended]);
    }
  } catch (error) {
    assert(false, `${error}: ${seen.slice(-2000)}`);
  } finally {
    script.kill();
  }
  return seen.replace(/\[played[^\]]*\]\n/g, '').slice(0, 160);
});

await main();
