/** What is shown to people, in their language: JupyterLab's translator in its sidebar, else English. */

export interface Translator {
  /** `%1`, `%2`, … in the text stand for the values. */
  __(text: string, ...values: (string | number)[]): string;
  /** One text for one, another for more: `%1` is the count. */
  _n(one: string, more: string, count: number, ...values: (string | number)[]): string;
}

/** As JupyterLab's: what is not given is said to be undefined. */
const filled = (text: string, values: readonly (string | number)[]) =>
  text.replace(/%(\d+)/g, (_, at: string) => String(values[Number(at) - 1]));

export const english: Translator = {
  __: (text, ...values) => filled(text, values),
  _n: (one, more, count, ...values) => filled(count === 1 ? one : more, [count, ...values]),
};

let spoken = english;

/** From now on; what is shown already stays. */
export function speak(translator: Translator): void {
  spoken = translator;
}

/** Named as JupyterLab's are, so that its tools find what is to be translated. */
export const trans: Translator = {
  __: (text, ...values) => spoken.__(text, ...values),
  _n: (one, more, count, ...values) => spoken._n(one, more, count, ...values),
};
