// The AI SDK: text, stream, a tool loop, structured output, through its provider for Google.
import { createGoogleGenerativeAI } from '@ai-sdk/google';
import { generateText, Output, stepCountIs, streamText, tool } from 'ai';
import { z } from 'zod';
import { assert, check, main } from './checks.mjs';

const google = createGoogleGenerativeAI({
  baseURL: `${process.env.GOOGLE_GEMINI_BASE_URL}/v1beta`,
  apiKey: process.env.GOOGLE_API_KEY,
});
const model = google('gemini-3.8-flash');
const Person = z.object({ name: z.string(), age: z.number().int(), city: z.string().optional() });

check('question', async () => (await generateText({ model, prompt: 'Hello there' })).text);

check('streamed', async () => {
  const pieces = [];
  for await (const piece of streamText({ model, prompt: 'Hello there, how are you?' }).textStream) {
    pieces.push(piece);
  }
  assert(pieces.length > 1, pieces);
  return pieces.join('');
});

check('function', async () => {
  const called = [];
  const move = tool({
    description: 'Moves the robot.',
    inputSchema: z.object({ direction: z.enum(['forward', 'backward']), distance_m: z.number() }),
    execute: async (args) => (called.push(args), { result: 'ok' }),
  });
  const done = await generateText({
    model, prompt: 'Go forward ten meters', tools: { move }, stopWhen: stepCountIs(3),
  });
  assert(called.length === 1 && called[0].distance_m === 10, called);
  assert(!done.warnings?.length, done.warnings);
  return done.text;
});

check('structured', async () => {
  const done = await generateText({
    model, prompt: 'Bob is 42', output: Output.object({ schema: Person }),
  });
  assert(done.output.age === 42, done.output);
  return JSON.stringify(done.output);
});

check('enum', async () => {
  const output = Output.choice({ options: ['oboe', 'tuba'] });
  const done = await generateText({ model, prompt: 'I play the tuba', output });
  assert(done.output === 'tuba', done.output);
  return done.output;
});

await main();
