// LiveKit Agents for Node: its Realtime model with its defaults, spoken to, and its LLM.
import { initializeLogger, llm } from '@livekit/agents';
import * as google from '@livekit/agents-plugin-google';
import { AudioFrame } from '@livekit/rtc-node';
import { EventEmitter, once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { assert, check, main, moveParameters } from './checks.mjs';

initializeLogger({ pretty: false, level: 'error' });
const RATE_HZ = 16_000;
const BLOCK = 320;
// The canonical header of a WAV file.
const HEADER_BYTES = 44;

const move = llm.tool({
  name: 'move',
  description: 'Moves the robot.',
  parameters: moveParameters,
  execute: async () => 'ok',
});

async function speak(session, name) {
  const file = readFileSync(`${process.env.SPEECH_FOLDER}/${name}`);
  const samples = new Int16Array(file.buffer, file.byteOffset + HEADER_BYTES, (file.length - HEADER_BYTES) >> 1);
  const all = new Int16Array(samples.length + 2 * RATE_HZ);
  all.set(samples);
  for (let at = 0; at < all.length; at += BLOCK) {
    const block = all.slice(at, at + BLOCK);
    session.pushAudio(new AudioFrame(block, RATE_HZ, 1, block.length));
    await sleep(20);
  }
}

// Everything that the sessions of one check heard and said, as it comes.
async function talk(options, hold) {
  const model = new google.realtime.RealtimeModel(options);
  const session = model.session();
  const changes = new EventEmitter();
  const seen = new Proxy({ said: '', heard: '', calls: [], audio: 0, interrupted: 0, errors: [] }, {
    set(target, name, value) {
      target[name] = value;
      changes.emit('change');
      return true;
    },
  });
  session.on('error', (event) => seen.errors.push(String(event.error)));
  session.on('input_speech_started', () => (seen.interrupted += 1));
  session.on('input_audio_transcription_completed', (event) => (seen.heard = event.transcript));
  session.on('generation_created', async ({ messageStream, functionStream }) => {
    (async () => {
      for await (const call of functionStream) seen.calls = [...seen.calls, call];
    })();
    for await (const { textStream, audioStream } of messageStream) {
      (async () => {
        for await (const text of textStream) seen.said += text.text ?? text;
      })();
      for await (const frame of audioStream) seen.audio += frame.samplesPerChannel;
    }
  });
  const until = async (condition) => {
    const signal = AbortSignal.timeout(20_000);
    while (!condition()) await once(changes, 'change', { signal }).catch(() => assert(false, seen));
  };
  try {
    await hold(session, seen, until);
  } finally {
    await session.close();
    await model.close();
  }
  assert(!seen.errors.length, seen.errors);
  return JSON.stringify({ ...seen, calls: seen.calls.map((call) => call.args) });
}

check('realtime_speech', () => talk({}, async (session, seen, until) => {
  await speak(session, 'cards-001.wav');
  await until(() => seen.said.toLowerCase().includes('clubs') && seen.audio > 10_000);
}));

check('realtime_asked_to_begin', () => talk({}, async (session, seen, until) => {
  await session.generateReply('Say hello');
  await until(() => seen.said && seen.audio > 10_000);
}));

for (const toolBehavior of [undefined, 'NON_BLOCKING']) {
  check(`realtime_function_${toolBehavior ?? 'default'}`, () =>
    talk(toolBehavior ? { toolBehavior } : {}, async (session, seen, until) => {
      await session.updateTools(new llm.ToolContext([move]));
      await speak(session, 'goforward.wav');
      await until(() => seen.calls.length);
      const [call] = seen.calls;
      assert(JSON.parse(call.args).distance_m === 10, call);
      const context = session.chatCtx.copy();
      context.insert(call);
      context.insert(llm.FunctionCallOutput.create({
        callId: call.callId, name: call.name, output: 'ok', isError: false,
      }));
      await session.updateChatCtx(context);
      await until(() => seen.said.includes('Moving forward'));
    }));
}

check('realtime_interruption', () => talk({}, async (session, seen, until) => {
  await session.generateReply('a long story '.repeat(40));
  await until(() => seen.audio > 10_000);
  await speak(session, 'cards-001.wav');
  await until(() => seen.interrupted && seen.said.toLowerCase().includes('clubs'));
}));

// The plugin's default, gemini-2.0-flash-001, was shut down.
function chat(chatCtx) {
  const model = new google.LLM({ model: 'gemini-3.8-flash' });
  return model.chat({ chatCtx, toolCtx: new llm.ToolContext([move]) }).collect();
}

check('llm_question', async () => {
  const context = new llm.ChatContext();
  context.addMessage({ role: 'user', content: 'Hello there' });
  const { text, toolCalls } = await chat(context);
  assert(text === 'You said: Hello there' && !toolCalls.length, { text, toolCalls });
  return text;
});

check('llm_function', async () => {
  const context = new llm.ChatContext();
  context.addMessage({ role: 'user', content: 'Go forward ten meters' });
  const { toolCalls: [call] } = await chat(context);
  assert(JSON.parse(call.args).distance_m === 10, call);
  context.insert(call);
  context.insert(llm.FunctionCallOutput.create({
    callId: call.callId, name: call.name, output: 'ok', isError: false,
  }));
  const { text } = await chat(context);
  assert(text.includes('Moving forward'), text);
  return text;
});

await main();
