import type { App } from './routes/shared';

/**
 * The methods that a path answers to, in alphabetical order; none for a path that leads nowhere. A path that is a route as it stands is
 * no other one: `/enrollments/find` is no enrollment with the id `find`. Call it before the routes are added.
 */
export function methodsByPath(app: App): (path: string) => readonly string[] {
  const routes: { readonly url: string; readonly pattern: RegExp; readonly methods: readonly string[] }[] = [];
  app.addHook('onRoute', ({ url, method }) => {
    routes.push({ url, pattern: patternOf(url), methods: [method].flat() });
  });
  return (path) => {
    const exact = routes.filter(({ url }) => url === path);
    const found = exact.length > 0 ? exact : routes.filter(({ pattern }) => pattern.test(path));
    return [...new Set(found.flatMap(({ methods }) => methods))].sort();
  };
}

/** `/enrollments/:id` and `/docs/static/*`, as Fastify reads them. */
const patternOf = (url: string): RegExp =>
  new RegExp(
    `^${url
      .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
      .replace(/:\w+/g, '[^/]+')
      .replaceAll('*', '.*')}$`,
  );
