import type { ComponentChildren } from 'preact';
import { renderToString } from 'preact-render-to-string';
import type { Assets, AssetName } from './assets';
import type { Brand } from './brand';
import { languageNames, languages, WordsContext, type Words } from './messages';

/** What all pages share. */
export interface Shell {
  readonly brand: Brand;
  readonly assets: Pick<Assets, 'pathOf'>;
}

export interface DocumentParts {
  readonly words: Words;
  /** The heading of the page; also in its title. */
  readonly title: string;
  /** Put before the title, such as "Error". */
  readonly mark?: string | undefined;
  /** Where the page can be got again, for the choice of the language; absent where it cannot. */
  readonly path?: string | undefined;
  /** Style sheets beside `base.css`. */
  readonly styles?: readonly AssetName[];
  /** ES modules of ours that the page loads. */
  readonly scripts?: readonly AssetName[];
  /** Seconds after which a browser without script gets `path` again; absent: never. */
  readonly refreshSeconds?: number | undefined;
  /** `wide` for pages with tables. */
  readonly width?: 'narrow' | 'wide';
  /** Beside the brand's name at the top. */
  readonly header?: ComponentChildren;
  /** Attributes of `main` that its script reads. */
  readonly data?: Readonly<Record<`data-${string}`, string>>;
  readonly children: ComponentChildren;
}

/** A whole HTML document, as text. Whatever is put into it is escaped. */
export function renderDocument(shell: Shell, parts: DocumentParts): string {
  return `<!doctype html>${renderToString(<Document {...shell} {...parts} />)}`;
}

function Document({
  brand,
  assets,
  words,
  title,
  mark,
  path,
  styles = [],
  scripts = [],
  width = 'narrow',
  ...more
}: Shell & DocumentParts) {
  const { header, refreshSeconds, data, children } = more;
  return (
    <WordsContext.Provider value={words}>
      <html lang={words.language} dir={words.direction}>
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="color-scheme" content="light dark" />
          <meta name="format-detection" content="telephone=no" />
          <title>{`${mark === undefined ? '' : `${mark}: `}${title} · ${brand.name}`}</title>
          <link rel="icon" href={assets.pathOf('icon.svg')} type="image/svg+xml" />
          <link rel="stylesheet" href={assets.pathOf('base.css')} />
          {styles.map((style) => (
            <link key={style} rel="stylesheet" href={assets.pathOf(style)} />
          ))}
          {brand.style !== undefined && <link rel="stylesheet" href={brand.style} />}
          {scripts.map((script) => (
            <script key={script} type="module" src={assets.pathOf(script)} />
          ))}
          {refreshSeconds !== undefined && path !== undefined && (
            <noscript>
              <meta http-equiv="refresh" content={`${refreshSeconds};url=${path}`} />
            </noscript>
          )}
        </head>
        <body class={width}>
          <header class="top">
            <p class="brand">
              {brand.logo === undefined ? <span class="mark" aria-hidden="true" /> : <img src={brand.logo} alt="" />}
              <span>{brand.name}</span>
            </p>
            {header}
          </header>
          <main {...data}>{children}</main>
          <p id="spoken" class="unseen" role="status" aria-live="polite" />
          <Footer brand={brand} words={words} path={path} />
        </body>
      </html>
    </WordsContext.Provider>
  );
}

function Footer({
  brand,
  words,
  path,
}: {
  readonly brand: Brand;
  readonly words: Words;
  readonly path: string | undefined;
}) {
  return (
    <footer>
      {brand.support !== undefined && <p>{brand.support}</p>}
      {path !== undefined && (
        <nav aria-label={words.text('layout.language')}>
          <ul>
            {languageNames.map((name) => (
              <li key={name}>
                <a
                  href={`${path}?lang=${name}`}
                  lang={name}
                  hreflang={name}
                  aria-current={name === words.language ? 'true' : undefined}
                >
                  {languages[name].name}
                </a>
              </li>
            ))}
          </ul>
        </nav>
      )}
    </footer>
  );
}
