// @google/genai: content, functions, structure, Live with a question, a function, an interruption.
import { GoogleGenAI, Modality } from '@google/genai';
import { assert, check, main, moveParameters } from './checks.mjs';

const ai = new GoogleGenAI({ apiKey: process.env.GOOGLE_API_KEY });
const model = 'gemini-3.8-flash';
const live = 'gemini-3.8-live';
const move = { name: 'move', description: 'Moves the robot.', parametersJsonSchema: moveParameters };
const tools = [{ functionDeclarations: [move] }];

check('question', async () =>
  (await ai.models.generateContent({ model, contents: 'Hello there' })).text);

check('streamed', async () => {
  const pieces = [];
  const stream = await ai.models.generateContentStream({ model, contents: 'Hello there, how are you?' });
  for await (const chunk of stream) pieces.push(chunk.text);
  assert(pieces.length > 1, pieces);
  return pieces.join('');
});

check('function', async () => {
  const chat = ai.chats.create({ model, config: { tools } });
  const first = await chat.sendMessage({ message: 'Go forward ten meters' });
  const [call] = first.functionCalls;
  assert(call.args.distance_m === 10, call);
  const functionResponse = { id: call.id, name: call.name, response: { result: 'ok' } };
  return (await chat.sendMessage({ message: [{ functionResponse }] })).text;
});

check('structured', async () => {
  const responseJsonSchema = {
    type: 'object',
    properties: { name: { type: 'string' }, age: { type: 'integer' } },
    required: ['name', 'age'],
  };
  const config = { responseMimeType: 'application/json', responseJsonSchema };
  const answer = await ai.models.generateContent({ model, contents: 'Bob is 42', config });
  assert(JSON.parse(answer.text).age === 42, answer.text);
  return answer.text;
});

function session(config, onmessage, client = ai) {
  return new Promise((resolve, reject) => {
    const config_ = { responseModalities: [Modality.AUDIO], outputAudioTranscription: {}, ...config };
    const opened = client.live.connect({
      model: live,
      config: config_,
      callbacks: {
        onmessage: (message) => opened.then((it) => onmessage(it, message, resolve)).catch(reject),
        onclose: (event) => reject(new Error(`closed: ${event.code} ${event.reason}`)),
      },
    });
    opened.then((it) => onmessage(it, null, resolve)).catch(reject);
  });
}

async function greet(client) {
  let said = '';
  return await session({}, (it, message, resolve) => {
    if (message === null) it.sendRealtimeInput({ text: 'Hello there' });
    said += message?.serverContent?.outputTranscription?.text ?? '';
    if (message?.serverContent?.turnComplete) resolve(said);
  }, client);
}

check('live_question', () => greet(ai));

check('live_by_token', async () => {
  const httpOptions = { apiVersion: 'v1alpha' };
  const maker = new GoogleGenAI({ apiKey: process.env.GOOGLE_API_KEY, httpOptions });
  const { name } = await maker.authTokens.create({ config: { uses: 1 } });
  return await greet(new GoogleGenAI({ apiKey: name, httpOptions }));
});

check('live_function', async () => {
  let said = '';
  return await session({ tools }, (it, message, resolve) => {
    if (message === null) it.sendRealtimeInput({ text: 'Go forward ten meters' });
    for (const call of message?.toolCall?.functionCalls ?? []) {
      said = '';
      it.sendToolResponse({
        functionResponses: [{ id: call.id, name: call.name, response: { result: 'ok' } }],
      });
    }
    said += message?.serverContent?.outputTranscription?.text ?? '';
    if (said.includes('Moving')) resolve(said);
  });
});

check('live_interruption', async () => {
  const realtimeInputConfig = { automaticActivityDetection: { disabled: true } };
  let told = false;
  return await session({ realtimeInputConfig }, (it, message, resolve) => {
    if (message === null) it.sendRealtimeInput({ text: 'a long story '.repeat(30) });
    if (message?.serverContent?.modelTurn && !told) {
      told = true;
      it.sendRealtimeInput({ activityStart: {} });
    }
    if (message?.serverContent?.interrupted) resolve('interrupted');
  });
});

await main();
