// What the programs of this folder share: named checks, one line of output each.
const checks = [];

export const moveParameters = {
  type: 'object',
  properties: {
    direction: { type: 'string', enum: ['forward', 'backward'] },
    distance_m: { type: 'number' },
  },
  required: ['direction', 'distance_m'],
};

export function check(name, run) {
  checks.push([name, run]);
}

export function assert(holds, shown) {
  if (!holds) throw new Error(`not so: ${JSON.stringify(shown)}`);
}

export async function main() {
  let failed = 0;
  for (const [name, run] of checks) {
    if (process.argv.length > 2 && !process.argv.slice(2).includes(name)) continue;
    try {
      console.log(`ok ${name}: ${String(await run()).slice(0, 160)}`);
    } catch (error) {
      failed += 1;
      console.error(error);
      console.log(`FAILED ${name}`);
    }
  }
  process.exit(failed ? 1 : 0);
}
