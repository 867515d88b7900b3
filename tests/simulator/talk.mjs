// Talks to the simulator with the public JavaScript SDK; prints one line of JSON.
import { GoogleGenAI, Modality } from "@google/genai";

const ai = new GoogleGenAI({ apiKey: "any-key", apiVersion: "v1beta" });
const result = { said: "", bytes: 0, heard: "" };

const finished = {};
finished.promise = new Promise((resolve, reject) => Object.assign(finished, { resolve, reject }));

const session = await ai.live.connect({
  model: "gemini-3.8-live",
  config: {
    responseModalities: [Modality.AUDIO],
    outputAudioTranscription: {},
    sessionResumption: {},
    systemInstruction: "Be brief.",
    speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: "Kore" } } },
    tools: [{ functionDeclarations: [{ name: "stop", parameters: { type: "OBJECT" } }] }],
  },
  callbacks: {
    onmessage: (message) => {
      const content = message.serverContent;
      for (const part of content?.modelTurn?.parts ?? []) {
        result.bytes += Buffer.from(part.inlineData.data, "base64").length;
      }
      result.said += content?.outputTranscription?.text ?? "";
      for (const call of message.toolCall?.functionCalls ?? []) {
        result.call = call.name;
        session.sendToolResponse({
          functionResponses: [{ id: call.id, name: call.name, response: { result: "ok" } }],
        });
      }
      if (content?.turnComplete) {
        result.tokens = message.usageMetadata.totalTokenCount;
      }
      if (message.sessionResumptionUpdate?.resumable) finished.resolve();
    },
    onerror: (event) => finished.reject(event.error ?? new Error(event.message)),
    onclose: (event) => finished.reject(new Error(`closed ${event.code} ${event.reason}`)),
  },
});
session.sendRealtimeInput({
  audio: { data: Buffer.alloc(640).toString("base64"), mimeType: "audio/pcm;rate=16000" },
});
session.sendRealtimeInput({ text: "Please stop." });
await finished.promise;
session.close();

const answer = await ai.models.generateContent({ model: "gemini-3.8-flash", contents: "Hello." });
result.http = answer.text;
console.log(JSON.stringify(result));
