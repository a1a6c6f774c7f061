/** The first characters of a text, of which none is cut in two: many emoji are two for `slice`. */
export const beginning = (text: string, most: number): string => [...text].slice(0, most).join("");
