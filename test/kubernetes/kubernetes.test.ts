import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { version } from '../../src/version';
import { shutdownGraceMs } from '../../src/worker/create';
import { makeSecrets } from '../scripts/production-copy';
import { configFaults, variablesReadBy } from '../support/variables';
import { configMapsOf, documentsOf, kustomizationOf, manifestsIn, type Manifest } from './manifests';
import { schemaFaults } from './schema';

const root = join(__dirname, '../..');
const places = ['base', 'components/autoscaling', 'overlays/production'] as const;
const all = places.flatMap((place) => manifestsIn(place));
/** Patches are parts of an object: they lack what the object has already. */
const patchFiles = places.flatMap((place) =>
  kustomizationOf(place).patches.flatMap(({ path }) => (path === undefined ? [] : [`${place}/${path}`])),
);
const whole = all.filter(({ file }) => !patchFiles.includes(file));
const titled = (manifests: readonly Manifest[]) =>
  manifests.map((manifest): [string, Manifest] => [`${manifest.kind} ${manifest.name}`, manifest]);

describe('the schemas of Kubernetes and KEDA', () => {
  test.each(titled(whole))('accept the %s, with every field of it', (_title, { apiVersion, kind, content }) => {
    expect(schemaFaults(`${apiVersion} ${kind}`, z.looseObject({}).parse(content))).toEqual([]);
  });

  const worker = whole.find(({ kind, name }) => kind === 'Deployment' && name === 'mfa-worker')?.content;
  test.each([
    ['a number that is none', '"replicas":2', '"replicas":"two"', 'data/spec/replicas must be integer'],
    ['a field that is written wrongly', '"readinessProbe"', '"readynessProbe"', 'readynessProbe'],
    ['a deployment without a selector', '"selector"', '"selektor"', 'must have required property selector'],
  ])('would refuse %s', (_what, good, bad, fault) => {
    const broken = z.looseObject({}).parse(JSON.parse(JSON.stringify(worker).replace(good, bad)));
    expect(schemaFaults('apps/v1 Deployment', broken).join('\n')).toContain(fault);
  });
});

const container = z.looseObject({
  name: z.string(),
  image: z.string(),
  args: z.array(z.string()),
  envFrom: z.array(z.strictObject({ configMapRef: z.strictObject({ name: z.string() }) })),
  ports: z.array(z.strictObject({ name: z.string(), containerPort: z.number() })).default([]),
  securityContext: z.unknown(),
  resources: z.strictObject({
    requests: z.strictObject({ cpu: z.string(), memory: z.string() }),
    limits: z.strictObject({ memory: z.string() }),
  }),
  startupProbe: z.unknown().optional(),
  livenessProbe: z.unknown().optional(),
  readinessProbe: z.unknown().optional(),
});
const pod = z.looseObject({
  metadata: z.strictObject({ labels: z.record(z.string(), z.string()) }),
  spec: z.looseObject({
    automountServiceAccountToken: z.boolean(),
    securityContext: z.unknown(),
    terminationGracePeriodSeconds: z.number().optional(),
    containers: z.tuple([container]),
    volumes: z
      .array(
        z.looseObject({
          secret: z.looseObject({ secretName: z.string(), items: z.array(z.looseObject({ key: z.string() })) }),
        }),
      )
      .default([]),
  }),
});
const workload = z.looseObject({ spec: z.looseObject({ template: pod }) });
const workloads = whole
  .filter(({ kind }) => kind === 'Deployment' || kind === 'Job')
  .map(({ kind, name, content }) => ({ kind, name, template: workload.parse(content).spec.template }));
const deployments = workloads.filter(({ kind }) => kind === 'Deployment');
const named = (name: string) => {
  const found = workloads.find((each) => each.name === name);
  if (found === undefined) throw new Error(`There is no ${name}`);
  return found;
};

test.each(workloads)('$name runs as a user without rights, on a file system it cannot write', ({ template }) => {
  const { spec } = template;
  const [{ securityContext, resources, image }] = spec.containers;
  expect(spec).toMatchObject({
    automountServiceAccountToken: false,
    securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
  });
  expect(securityContext).toEqual({
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  });
  expect(image).toBe('mfa-enrollment');
  expect(Number.parseInt(resources.limits.memory, 10)).toBeGreaterThan(0);
});

test.each(workloads)('$name runs a file that the build makes', ({ template }) => {
  const [entry = ''] = template.spec.containers[0].args;
  expect(existsSync(join(root, entry.replace(/^dist\//, '').replace(/\.js$/, '.ts')))).toBe(true);
});

test.each(deployments)(
  '$name is probed on a port that it has, and survives the loss of a node',
  ({ name, template }) => {
    const [{ startupProbe, livenessProbe, readinessProbe, ports }] = template.spec.containers;
    const probe = z.looseObject({ httpGet: z.strictObject({ path: z.string(), port: z.string() }) });
    for (const each of [startupProbe, livenessProbe, readinessProbe])
      expect(ports.map((port) => port.name)).toContain(probe.parse(each).httpGet.port);
    expect(probe.parse(livenessProbe).httpGet.path).toBe('/health/live');
    expect(probe.parse(readinessProbe).httpGet.path).toBe(
      name === 'mfa-codec-server' ? '/health/live' : '/health/ready',
    );
    const budget = whole.find((manifest) => manifest.kind === 'PodDisruptionBudget' && manifest.name === name);
    expect(budget?.content).toMatchObject({
      spec: { maxUnavailable: 1, selector: { matchLabels: template.metadata.labels } },
    });
    expect(template.spec['topologySpreadConstraints']).toHaveLength(2);
  },
);

test('the worker is given longer to end than it gives to calls under way', () => {
  const seconds = named('mfa-worker').template.spec.terminationGracePeriodSeconds ?? 0;
  expect(seconds * 1000).toBeGreaterThan(shutdownGraceMs + 10_000);
});

describe('variables and secrets', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mfa-kubernetes-'));
  makeSecrets(folder);
  const connection = join(folder, 'temporal.toml');
  writeFileSync(
    connection,
    '[profile.default]\naddress = "eu-west-1.aws.api.temporal.io:7233"\napi_key = "of-a-test"\n',
  );
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const maps = configMapsOf(['base', 'overlays/production']);
  const environmentOf = (name: string): Readonly<Record<string, string>> =>
    Object.fromEntries(
      named(name).template.spec.containers[0].envFrom.flatMap(({ configMapRef }) =>
        Object.entries(maps[configMapRef.name] ?? {}),
      ),
    );
  const roles = [
    ['worker', 'mfa-worker'],
    ['api', 'mfa-api'],
    ['codec-server', 'mfa-codec-server'],
  ] as const;

  test.each(workloads)(
    '$name refers to config maps that are made, and none defines what another one does',
    ({ name }) => {
      const given = named(name).template.spec.containers[0].envFrom.map(({ configMapRef }) => configMapRef.name);
      expect(given.filter((map) => !(map in maps))).toEqual([]);
      const variables = given.flatMap((map) => Object.keys(maps[map] ?? {}));
      expect(new Set(variables).size).toBe(variables.length);
    },
  );

  test.each(roles)('the %s is given only variables that it reads', (role, name) => {
    const known = variablesReadBy(role);
    expect(
      Object.keys(environmentOf(name)).filter((variable) => !known.has(variable) && variable !== 'NODE_OPTIONS'),
    ).toEqual([]);
  });

  test.each(roles)(
    'with the secrets that make-secrets.sh makes, it is all that the %s needs to start',
    (role, name) => {
      const environment = Object.fromEntries(
        Object.entries(environmentOf(name)).map(([variable, value]) => [
          variable,
          value.replace('/run/secrets/mfa/', `${folder}/secrets/`).replace('/run/secrets/temporal/', `${folder}/`),
        ]),
      );
      expect(configFaults(environment, role)).toEqual([]);
    },
  );

  test.each(roles)('the %s sees the secrets that it reads, and no other', (_role, name) => {
    const files = Object.values(environmentOf(name)).flatMap(
      (value) => /^\/run\/secrets\/mfa\/(\w+)$/.exec(value)?.[1] ?? [],
    );
    const mounted = named(name).template.spec.volumes.flatMap(({ secret }) => secret.items.map(({ key }) => key));
    expect(mounted.sort()).toEqual(files.sort());
  });

  test('no variable holds a secret', () => {
    const values = Object.values(maps).flatMap((variables) => Object.values(variables));
    expect(values.filter((value) => /[A-Za-z0-9+_-]{32,}|BEGIN /.test(value))).toEqual([]);
  });
});

describe('the network', () => {
  const rule = z.looseObject({ ports: z.array(z.looseObject({ port: z.union([z.number(), z.string()]) })) });
  const policy = z.looseObject({
    spec: z.looseObject({
      podSelector: z.unknown(),
      policyTypes: z.array(z.string()),
      ingress: z.array(rule).default([]),
      egress: z.array(rule).default([]),
    }),
  });
  const policies = whole
    .filter(({ kind }) => kind === 'NetworkPolicy')
    .map(({ name, content }) => ({ name, ...policy.parse(content).spec }));
  const selected = (selector: unknown): readonly string[] =>
    JSON.stringify(selector).match(/mfa-(?!enrollment)[a-z-]+/g) ?? [];

  test('everything is refused, in both directions, unless a policy allows it', () => {
    expect(policies.find(({ name }) => name === 'mfa-default-deny')).toMatchObject({
      podSelector: { matchLabels: { 'app.kubernetes.io/part-of': 'mfa-enrollment' } },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [],
      egress: [],
    });
    // The label by which it chooses is on the pods: kustomize puts it there.
    expect(documentsOf('base/kustomization.yaml')[0]).toMatchObject({
      labels: [{ pairs: { 'app.kubernetes.io/part-of': 'mfa-enrollment' }, includeTemplates: true }],
    });
  });

  test('what comes in comes to a port that the pods have', () => {
    for (const { name, podSelector, ingress } of policies.filter(({ policyTypes }) => policyTypes.includes('Ingress')))
      for (const { ports } of ingress)
        for (const { port } of ports)
          for (const pods of selected(podSelector))
            expect([name, pods, named(pods).template.spec.containers[0].ports.map((each) => each.name)]).toEqual([
              name,
              pods,
              expect.arrayContaining([port]),
            ]);
  });

  test('what goes out goes to names, Temporal and https alone', () => {
    const ports = policies.flatMap(({ egress }) => egress.flatMap((each) => each.ports.map(({ port }) => port)));
    expect([...new Set(ports)].sort()).toEqual([443, 53, 7233]);
  });
});

describe('autoscaling', () => {
  const scaled = all.filter(({ kind }) => kind === 'ScaledObject');
  const trigger = z.looseObject({
    spec: z.looseObject({
      triggers: z.tuple([z.looseObject({ type: z.literal('temporal'), metadata: z.record(z.string(), z.string()) })]),
    }),
  });

  test('asks about the task queue and the namespace of the workers', () => {
    expect(scaled).toHaveLength(2);
    for (const { file, content } of scaled) {
      const maps = configMapsOf(file.startsWith('overlays') ? ['base', 'overlays/production'] : ['base']);
      expect(trigger.parse(content).spec.triggers[0].metadata).toMatchObject({
        taskQueue: maps['mfa-case']?.['TEMPORAL_TASK_QUEUE'],
        namespace: maps['mfa-temporal']?.['TEMPORAL_NAMESPACE'],
      });
    }
  });
});

test('the image is the one of this version, and every file that is named is there', () => {
  expect(kustomizationOf('overlays/production').images).toEqual([expect.objectContaining({ newTag: version })]);
  for (const place of places) {
    const { resources, components, patches } = kustomizationOf(place);
    for (const path of [...resources, ...components, ...patches.flatMap((patch) => patch.path ?? [])])
      expect([path, existsSync(join(root, 'deploy/kubernetes', place, path))]).toEqual([path, true]);
  }
  expect(readFileSync(join(root, 'Dockerfile'), 'utf8')).toContain('\nUSER 1000:1000\n');
});
