// A person who fills in forms by the names of their fields, as a program would: quicker than a browser,
// where it is not the pages that are tested.

export class PersonWithoutBrowser {
  constructor(provider, address) {
    this.provider = provider
    this.address = address
    this.cookies = new Map()
  }

  /** Where a URL of the provider leads in the end: a URL elsewhere, or nothing while a page is shown. */
  async opens(url) {
    return this.#settle(await this.#ask(url))
  }

  /** The same, whatever pages are in the way. */
  async signsInAt(url) {
    let elsewhere = await this.opens(url)
    for (let pages = 0; !elsewhere && pages < 6; pages++) {
      const form = { csrf: this.#csrf(), action: 'continue' }
      if (/<input[^>]* name="email"/.test(this.page.text)) {
        form.email = this.address
      }
      if (/<input[^>]* name="code"/.test(this.page.text)) {
        form.code = (await this.provider.mailTo(this.address)).code
      }
      const body = new URLSearchParams(form)
      elsewhere = await this.#settle(await this.#ask(this.page.url, { method: 'POST', body }))
    }
    return elsewhere
  }

  /** The heading of the page that is shown. */
  heading() {
    return this.page.text.match(/<h1[^>]*>([^<]*)/)?.[1].trim()
  }

  #csrf() {
    return this.page.text.match(/name="csrf" value="([^"]*)"/)[1]
  }

  async #ask(url, options = {}) {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await fetch(url, { ...options, headers: { cookie }, redirect: 'manual' })
    for (const line of answer.headers.getSetCookie()) {
      const [, name, value] = line.match(/^([^=]+)=([^;]*)/)
      this.cookies.set(name, value)
    }
    return answer
  }

  async #settle(answer) {
    while (answer.headers.has('location')) {
      const url = new URL(answer.headers.get('location'), answer.url)
      if (url.origin !== this.provider.issuer) {
        return url
      }
      answer = await this.#ask(url)
    }
    this.page = { url: answer.url, text: await answer.text() }
  }
}
