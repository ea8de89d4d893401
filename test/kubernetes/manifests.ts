import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';

const folder = join(__dirname, '../../deploy/kubernetes');

export interface Manifest {
  readonly file: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly content: unknown;
}

const identified = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
});

/** The objects in the files of one folder of deploy/kubernetes; kustomize's own files are left out. */
export const manifestsIn = (place: string): readonly Manifest[] =>
  readdirSync(join(folder, place))
    .filter((file) => file !== 'kustomization.yaml')
    .flatMap((file) =>
      documentsOf(join(place, file)).flatMap((content): Manifest[] => {
        const found = identified.safeParse(content).data; // a JSON patch is a list and no object
        if (found === undefined) return [];
        const { apiVersion, kind, metadata } = found;
        return [{ file: `${place}/${file}`, apiVersion, kind, name: metadata.name, content }];
      }),
    );

export const documentsOf = (file: string): readonly unknown[] =>
  parseAllDocuments(readFileSync(join(folder, file), 'utf8')).map((document) => {
    const [fault] = document.errors;
    if (fault !== undefined) throw fault;
    const content: unknown = document.toJS();
    return content;
  });

const kustomization = z.looseObject({
  resources: z.array(z.string()).default([]),
  components: z.array(z.string()).default([]),
  images: z.array(z.looseObject({ name: z.string(), newTag: z.string().optional() })).default([]),
  patches: z.array(z.looseObject({ path: z.string().optional() })).default([]),
  configMapGenerator: z
    .array(z.looseObject({ name: z.string(), behavior: z.string().optional(), literals: z.array(z.string()) }))
    .default([]),
});

export const kustomizationOf = (place: string) =>
  kustomization.parse(documentsOf(join(place, 'kustomization.yaml'))[0]);

/** The config maps that the generators of these folders make, the later ones on top: name to variables. */
export function configMapsOf(places: readonly string[]): Readonly<Record<string, Readonly<Record<string, string>>>> {
  const maps: Record<string, Record<string, string>> = {};
  for (const { name, behavior, literals } of places.flatMap((place) => kustomizationOf(place).configMapGenerator)) {
    if ((behavior === 'merge') !== name in maps) throw new Error(`${name}: merge what is there, create what is not`);
    const variables = literals.map((literal): [string, string] => {
      const [variable = '', ...value] = literal.split('=');
      return [variable, value.join('=')];
    });
    maps[name] = { ...maps[name], ...Object.fromEntries(variables) };
  }
  return maps;
}
