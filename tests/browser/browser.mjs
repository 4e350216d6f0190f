// Chromium, and tabs that remember what their pages complained about.

import { chromium } from 'playwright-core'

export const DESKTOP = { width: 1280, height: 1024 }

const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
]

export function launch() {
  return chromium.launch({ executablePath: process.env.CHROMIUM, args: ARGUMENTS })
}

/**
 * A tab of a browser that has been nowhere. `javaScript` is "on" or "off"; `modules` is "off" for a
 * browser that runs classic scripts alone.
 */
export async function newTab(browser, { javaScript = 'on', modules = 'on' } = {}) {
  const context = await browser.newContext({
    viewport: DESKTOP,
    javaScriptEnabled: javaScript === 'on',
  })
  context.setDefaultTimeout(20_000)
  if (modules === 'off') {
    await context.route(/\/assets\/main-/, route => route.abort())
  }
  const page = await context.newPage()
  return watch(page)
}

/**
 * Notes in `complaints` every console error, exception and broken rule of a content security
 * policy, and in `status` what the last page was answered with.
 */
function watch(page) {
  page.complaints = []
  page.on('response', response => {
    if (response.request().isNavigationRequest()) {
      page.status = response.status()
    }
  })
  page.on('pageerror', error => page.complaints.push(`exception: ${error.message}`))
  page.on('console', message => {
    if (message.type() === 'error' && !isStatusOfPage(message)) {
      page.complaints.push(`${page.url()}: ${message.text()}`)
    }
  })
  return page
}

/** Chromium also writes the status of a page itself, such as 404, as an error. */
function isStatusOfPage(message) {
  const isStatus = /^Failed to load resource: the server responded with a status of [45]\d\d/
  return isStatus.test(message.text()) && !/\/assets\//.test(message.location().url)
}

/** Presses a button or follows a link by the name that a person reads, and waits for its page. */
export async function press(page, name) {
  const target = page
    .getByRole('button', { name, exact: true })
    .or(page.getByRole('link', { name, exact: true }))
  await Promise.all([page.waitForEvent('load'), target.click()])
}
