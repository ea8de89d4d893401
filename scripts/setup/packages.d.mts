export function installPackages(
  root: string,
  env: Readonly<Record<string, string | undefined>>,
  say: (line: string) => void,
): Promise<void>;
