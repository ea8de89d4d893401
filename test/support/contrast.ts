import type { Page } from 'playwright-core';

/** The least contrast (WCAG 2.2, 1.4.3) of any text on the page with what is behind it. */
export const leastContrast = (page: Page): Promise<number> =>
  page.evaluate<number>(`(() => {
    const rgb = (text) => text.match(/[0-9.]+/g).map(Number);
    const light = (colour) => {
      const [r, g, b] = colour.map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = (element) => {
      for (let one = element; one !== null; one = one.parentElement) {
        const colour = rgb(getComputedStyle(one).backgroundColor);
        if (colour[3] !== 0) return colour.slice(0, 3);
      }
      return [255, 255, 255];
    };
    const ratios = [...document.querySelectorAll('body *')]
      .filter((element) => element.checkVisibility() && (element.matches('input') || [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== '')))
      .map((element) => {
        const [low, high] = [light(rgb(getComputedStyle(element).color).slice(0, 3)), light(behind(element))].sort((a, b) => a - b);
        return (high + 0.05) / (low + 0.05);
      });
    return Math.min(...ratios);
  })()`);
