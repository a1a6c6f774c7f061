// Tells when the first page can be shown. Whoever loads something for it says so.

let open = 0;
let done: () => void;

export const first = { ready: new Promise<void>((resolve) => (done = resolve)) };

/** Waits for `work` before the first page is shown. */
export async function needed<T>(work: Promise<T>): Promise<T> {
  open += 1;
  try {
    return await work;
  } finally {
    open -= 1;
    // The page may need something else that begins only now.
    setTimeout(settle);
  }
}

function settle(): void {
  if (open === 0) done();
}

/** Called when the application stands: if nothing is being loaded, the page is there. */
export const stands = (): void => void setTimeout(settle);
