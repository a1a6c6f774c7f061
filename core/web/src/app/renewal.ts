// Parts of the application that are fetched later. After an upgrade the server has those of an old page no more.

/** Which version of the application this is. */
const VERSION = import.meta.url;

/** Fetches a part. Where it is not to be had from a server that answers, the page is loaded anew, but only once for each version. */
export async function fetched<T>(part: () => Promise<T>): Promise<T> {
  try {
    return await part();
  } catch (error) {
    if (sessionStorage.getItem("renewed") === VERSION) throw error;
    await fetch(location.href, { method: "HEAD" });
    sessionStorage.setItem("renewed", VERSION);
    location.reload();
    return new Promise(() => {});
  }
}
