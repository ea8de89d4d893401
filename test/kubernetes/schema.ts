import { ScaledObject, TriggerAuthentication } from '@kubernetes-models/keda/keda.sh/v1alpha1';
import { Deployment } from 'kubernetes-models/apps/v1';
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2';
import { Job } from 'kubernetes-models/batch/v1';
import { Ingress, NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1';
import { Namespace, Service, ServiceAccount } from 'kubernetes-models/v1';

/** The `validate` of each hands its data to a function that was compiled from Kubernetes' own OpenAPI document, or from KEDA's. */
const models = {
  'apps/v1 Deployment': Deployment,
  'autoscaling/v2 HorizontalPodAutoscaler': HorizontalPodAutoscaler,
  'batch/v1 Job': Job,
  'keda.sh/v1alpha1 ScaledObject': ScaledObject,
  'keda.sh/v1alpha1 TriggerAuthentication': TriggerAuthentication,
  'networking.k8s.io/v1 Ingress': Ingress,
  'networking.k8s.io/v1 NetworkPolicy': NetworkPolicy,
  'policy/v1 PodDisruptionBudget': PodDisruptionBudget,
  'v1 Namespace': Namespace,
  'v1 Service': Service,
  'v1 ServiceAccount': ServiceAccount,
};

/**
 * What Kubernetes' schema has against an object: wrong types and what is missing, or else the fields that it does not know.
 * Empty: nothing. The compiled functions let unknown fields pass, but they read every field that they know: what is never read is unknown.
 */
export function schemaFaults(kind: string, content: object): readonly string[] {
  const model: { readonly prototype: { readonly validate: (this: unknown) => void } } | undefined = Object.entries(
    models,
  ).find(([known]) => known === kind)?.[1];
  if (model === undefined) return [`no schema for ${kind}`];
  const read = new Set<string>();
  try {
    // A model would copy what it is given: its method is asked about the data themselves.
    Reflect.apply(model.prototype.validate, watched(content, '', read), []);
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
  return fieldsOf(content, '').filter((field) => !read.has(field));
}

/** The same data, that note which of their fields are read. */
function watched(node: unknown, path: string, read: Set<string>): unknown {
  if (typeof node !== 'object' || node === null) return node;
  return new Proxy(node, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key);
      if (typeof key === 'symbol' || !Object.hasOwn(target, key)) return value;
      read.add(`${path}/${key}`);
      return watched(value, `${path}/${key}`, read);
    },
  });
}

/** Every field below a node, as a path. */
function fieldsOf(node: unknown, path: string): readonly string[] {
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, value]) => [`${path}/${key}`, ...fieldsOf(value, `${path}/${key}`)]);
}
