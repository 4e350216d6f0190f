// What must hold on every page, whatever it asks.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const WCAG_22_AA = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']

/** Two ways to see a page that is 320 CSS pixels wide (WCAG 2.2, 1.4.10 Reflow). */
const PHONE = { width: 320, height: 640, deviceScaleFactor: 1 }
const DESKTOP_AT_400_PERCENT = { width: 320, height: 256, deviceScaleFactor: 4 }

/** `Check your email – Apply for a qualification`, and as `Error: ..` where something is wrong. */
export async function assertTitled(page, { heading, service, error }) {
  const headings = await page.locator('h1').allInnerTexts()
  assert.deepEqual(headings, [heading])
  assert.equal(await page.title(), `${error ? 'Error: ' : ''}${heading} – ${service}`)
  assert.equal(await page.locator('html').getAttribute('lang'), 'en')
}

/** The summary stands first, leads to its field, and says what stands at the field too. */
export async function assertErrorSummary(page, { field, at = field, message }, { javaScript }) {
  const summary = page.locator('main .govuk-error-summary')
  const input = page.locator(`#${field}`)
  const isFirst = await summary.evaluate(
    element => element === document.querySelector('main .govuk-grid-column-two-thirds').firstElementChild,
  )
  assert.ok(isFirst, 'the error summary is the first thing in main')
  if (javaScript === 'on') {
    assert.ok(await isFocused(summary), 'the summary has the focus')
  }

  // Of radios and dates, the group is described; a radio may have a hint of its own besides.
  const described = await input.evaluate(element => {
    const descriptions = [element, element.closest('fieldset')].map(one => one?.getAttribute('aria-describedby'))
    return descriptions.join(' ')
  })
  const errorId = `${at}-error`
  assert.ok(described.split(' ').includes(errorId), 'the field is described by its error')
  const said = await page.locator(`#${errorId}`).textContent()
  assert.equal(said.trim(), `Error: ${message}`)

  await summary.getByRole('link', { name: message, exact: true }).click()
  assert.ok(await isFocused(input), 'the link in the summary leads to the field')
}

function isFocused(locator) {
  return locator.evaluate(element => element === document.activeElement)
}

/** axe finds nothing, wide or narrow, and nothing has to be scrolled sideways. */
export async function assertAccessible(page) {
  await allowScripts(page)
  await page.evaluate(AXE)
  await assertAxeFindsNothing(page)
  await resized(page, PHONE, async () => {
    await assertFits(page)
    await assertAxeFindsNothing(page)
  })
  await resized(page, DESKTOP_AT_400_PERCENT, () => assertFits(page))
}

/**
 * axe is a script: it could not look at a page without JavaScript. What the page would have run
 * when it came stays undone.
 */
async function allowScripts(page) {
  const session = await page.context().newCDPSession(page)
  for (const value of [true, false]) {
    await session.send('Emulation.setScriptExecutionDisabled', { value })
  }
  await session.detach()
}

async function assertFits(page) {
  const { content, window } = await page.evaluate(() => ({
    content: document.documentElement.scrollWidth,
    window: document.documentElement.clientWidth,
  }))
  assert.equal(window, 320)
  assert.ok(content <= window, `the page is ${content} pixels wide`)
}

async function assertAxeFindsNothing(page) {
  const violations = await page.evaluate(async tags => {
    const results = await window.axe.run(document, { runOnly: tags })
    return results.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' and ')}`)
  }, WCAG_22_AA)
  assert.deepEqual(violations, [])
}

/** Does something while the page is seen on another screen. */
async function resized(page, metrics, work) {
  const session = await page.context().newCDPSession(page)
  await session.send('Emulation.setDeviceMetricsOverride', { mobile: false, ...metrics })
  try {
    await work()
  } finally {
    await session.send('Emulation.clearDeviceMetricsOverride')
    await session.detach()
    await page.setViewportSize(page.viewportSize())
  }
}

const INTERACTIVE = 'a[href], button, input:not([type=hidden]), summary, [tabindex="0"]'

/** Tab reaches everything that can be used, and shows where it is. */
export async function assertUsableByKeyboard(page) {
  await page.evaluate(() => document.activeElement?.blur())
  const stops = await page.evaluate(selector => {
    // A radio or checkbox is drawn beside the input, before its label.
    const look = element => {
      const isDrawn = ['radio', 'checkbox'].includes(element.type)
      const style = isDrawn ? getComputedStyle(element.labels[0], '::before') : getComputedStyle(element)
      const { outline, boxShadow, backgroundColor, border, borderWidth, clip } = style
      return [outline, boxShadow, backgroundColor, border, borderWidth, clip].join()
    }
    // Tab stops once at a group of radios: at the one that is chosen, or else the first.
    const isStop = element => {
      const group = element.type === 'radio' ? [...document.getElementsByName(element.name)] : [element]
      return element === (group.find(({ checked }) => checked) ?? group[0])
    }
    const controls = [...document.querySelectorAll(selector)].filter(control => control.checkVisibility())
    const stops = controls.filter(isStop)
    const unfocused = new Map(controls.map(control => [control, look(control)]))
    window.tabStops = { look, unfocused, unreached: new Set(stops), unseen: [] }
    return stops.length
  }, INTERACTIVE)

  // Once round from wherever the focus is, and past the ends of the page. A group of radios stops
  // Tab twice when the focus begins in its middle.
  for (let pressed = 0; pressed < stops + 3; pressed += 1) {
    await page.keyboard.press('Tab')
    await page.evaluate(() => {
      const { look, unfocused, unreached, unseen } = window.tabStops
      const stop = document.activeElement
      if (unfocused.get(stop) === look(stop)) {
        unseen.push(stop.outerHTML)
      }
      // Whichever radio of a group has the focus, the arrow keys lead to the others.
      const group = stop.type === 'radio' ? document.getElementsByName(stop.name) : [stop]
      group.forEach(one => unreached.delete(one))
    })
  }
  const { unreached, unseen } = await page.evaluate(() => {
    // The skip link, where the focus may be now, moves the page under a mouse when it goes.
    document.activeElement?.blur()
    const { unreached, unseen } = window.tabStops
    return { unreached: [...unreached].map(stop => stop.outerHTML), unseen }
  })
  assert.deepEqual(unreached, [], 'Tab reaches every control')
  assert.deepEqual(unseen, [], 'the focus can be seen')
}

/** The same in a forced palette (Windows contrast themes), where controls keep an edge or an underline. */
export async function assertUsableInForcedColours(page) {
  await page.emulateMedia({ forcedColors: 'active' })
  try {
    const shapeless = await page.evaluate(() => {
      const hasEdge = element => {
        const isDrawn = ['radio', 'checkbox'].includes(element.type)
        const style = isDrawn ? getComputedStyle(element.labels[0], '::before') : getComputedStyle(element)
        const background = getComputedStyle(document.body).backgroundColor
        const hasBorder = style.borderBottomStyle !== 'none' && parseFloat(style.borderBottomWidth) > 0
        return (hasBorder && style.borderBottomColor !== background) || style.textDecorationLine === 'underline'
      }
      const controls = [...document.querySelectorAll('main button, main input:not([type=hidden])')]
      return controls.filter(control => !hasEdge(control)).map(control => control.outerHTML)
    })
    assert.deepEqual(shapeless, [], 'controls in forced colours')
    await assertUsableByKeyboard(page)
  } finally {
    await page.emulateMedia({ forcedColors: null })
  }
}

/** Nothing went wrong that only a developer would see. */
export function assertNoComplaints(page) {
  assert.deepEqual(page.complaints, [])
}
