import { parse } from 'yaml';
import { z } from 'zod';

const service = z.looseObject({
  image: z.string().default(''),
  build: z.looseObject({}).optional(),
  depends_on: z.record(z.string(), z.looseObject({ condition: z.string() })).default({}),
  healthcheck: z.looseObject({}).optional(),
  profiles: z.array(z.string()).optional(),
});
const composeFile = z.looseObject({
  services: z.record(z.string(), service),
  secrets: z.record(z.string(), z.looseObject({ file: z.string() })),
});
export type ComposeFile = z.infer<typeof composeFile>;

/** The one profile of docker-compose.yml that is run here. */
export const profile = 'emulator';

/** What of docker-compose.yml decides which images are needed and in which order its services start: those without a profile, and with ours. */
export function readCompose(text: string): ComposeFile {
  const { services, ...rest } = composeFile.parse(parse(text, { merge: true }));
  const run = Object.entries(services).filter(([, { profiles }]) => profiles?.includes(profile) ?? true);
  return { ...rest, services: Object.fromEntries(run) };
}

/**
 * Its services, each after all that it depends on.
 *
 * @throws Error when services wait for each other in a circle, or for one that is not there
 */
export function startOrder({ services }: ComposeFile): readonly string[] {
  const ordered: string[] = [];
  const visit = (name: string, path: readonly string[]): void => {
    if (ordered.includes(name)) return;
    if (path.includes(name)) throw new Error(`Services wait for each other: ${[...path, name].join(' → ')}`);
    const found = services[name];
    if (found === undefined) throw new Error(`There is no service ${name}, for which ${path.at(-1) ?? ''} waits`);
    for (const other of Object.keys(found.depends_on)) visit(other, [...path, name]);
    ordered.push(name);
  };
  for (const name of Object.keys(services)) visit(name, []);
  return ordered;
}

/** The images that come from a registry, each once: those of the services, and the one on which ours are built. */
export function foreignImages({ services }: ComposeFile, nodeImage: string): readonly string[] {
  const foreign = Object.values(services).filter(({ build }) => build === undefined);
  return [...new Set([nodeImage, ...foreign.map(({ image }) => image)])];
}

/** The base image that the Dockerfile names. */
export function nodeImageOf(dockerfile: string): string {
  const image = /^ARG NODE_IMAGE=(\S+)$/m.exec(dockerfile)?.[1];
  if (image === undefined) throw new Error('The Dockerfile names no NODE_IMAGE');
  return image;
}

/**
 * A second compose file, read after docker-compose.yml: other images in the place of its own, and secrets of a folder.
 *
 * `images` maps what the files name to what is used.
 */
export function overrides(
  compose: ComposeFile,
  images: ReadonlyMap<string, string>,
  nodeImage: string,
  secretsFolder: string,
): string {
  const used = (image: string): string => images.get(image) ?? image;
  return JSON.stringify({
    services: Object.fromEntries(
      Object.entries(compose.services).map(([name, { image, build }]) => [
        name,
        build === undefined ? { image: used(image) } : { build: { args: { NODE_IMAGE: used(nodeImage) } } },
      ]),
    ),
    secrets: Object.fromEntries(
      Object.keys(compose.secrets).map((name) => [name, { file: `${secretsFolder}/${name}` }]),
    ),
  });
}
