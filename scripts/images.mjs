// Checks that every container image is named by its content. Plain Node without dependencies, like set-up.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { onPath } from './setup/ways.mjs';
import { run } from './setup/run.mjs';

const pinned = /^(?<name>[\w./-]+:[\w.-]+)@(?<digest>sha256:[0-9a-f]{64})$/;
/** What asks a registry for the digest that a reference has there, in the order of preference, and how to see that it can. */
const clients = [
  { program: 'crane', probe: ['version'], digest: (reference) => ['digest', reference] },
  {
    program: 'docker',
    probe: ['buildx', 'version'],
    digest: (reference) => ['buildx', 'imagetools', 'inspect', '--format', '{{.Manifest.Digest}}', reference],
  },
];

/** Gives the function that asks for a digest; undefined when there is no program for it. */
async function registry() {
  for (const { program, probe, digest } of clients) {
    const path = onPath({ env: process.env }, [program]);
    if (path === undefined) continue;
    try {
      await run(path, probe, { seconds: 20 });
      return async (reference) => (await run(path, digest(reference), { seconds: 60 })).trim();
    } catch {
      // There, but it cannot do this: docker without buildx.
    }
  }
  return undefined;
}

/** Every image that the Dockerfile and docker-compose.yml of `root` take from a registry, once. */
function imagesOf(root) {
  const read = (file) => readFileSync(join(root, file), 'utf8');
  const bases = [...read('Dockerfile').matchAll(/^(?:ARG \w*IMAGE=|FROM (?!\$))(\S+)/gm)].map(([, image]) => image);
  const stages = [...read('Dockerfile').matchAll(/ AS (\S+)$/gm)].map(([, stage]) => stage);
  const services = [...read('docker-compose.yml').matchAll(/^ +image: (\S+)$/gm)].map(([, image]) => image);
  const ours = (image) => stages.includes(image) || /^mfa-enrollment[\w-]*:[\d.]+$/.test(image);
  return [...new Set([...bases, ...services])].filter((image) => !ours(image));
}

/** The line about one image, and whether it is a fault. */
async function look(image, ask) {
  const { name, digest } = pinned.exec(image)?.groups ?? {};
  if (digest === undefined) return { fault: true, line: `${image}: has no digest (name:tag@sha256:…)` };
  if (ask === undefined) return { fault: false, line: `${name}: pinned` };
  try {
    await ask(`${name.slice(0, name.lastIndexOf(':'))}@${digest}`);
    const now = await ask(name);
    return {
      fault: false,
      line: now === digest ? `${name}: pinned to what the tag names` : `${name}: the tag now names ${now}`,
    };
  } catch (error) {
    return { fault: true, line: `${name}: ${error.message}` };
  }
}

const root = process.argv[2] ?? join(import.meta.dirname, '..');
const ask = await registry();
const images = imagesOf(root);
for (const image of images) {
  const { fault, line } = await look(image, ask);
  console.log(`images: ${line}`);
  if (fault) process.exitCode = 1;
}
if (ask === undefined) console.log('images: no registry was asked; crane, or docker with buildx, is needed for that');
