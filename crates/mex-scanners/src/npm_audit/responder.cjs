// Stands where npm asks its registry, inside npm's own process. With MEX_ANSWER it answers the one
// question of `npm audit` from that file and everything else with 404, and nothing reaches a network;
// without it the question goes out and the answer is kept. What was asked is written to MEX_ASKED.
'use strict'
const fs = require('node:fs')
const Module = require('node:module')

const given = process.env.MEX_ANSWER
const answers = given ? new Map(JSON.parse(fs.readFileSync(given, 'utf8'))) : null
const log = { asked: [], unanswered: [], consumed: 0, answer: null }
const keep = () => fs.writeFileSync(process.env.MEX_ASKED, JSON.stringify(log))
keep()

const answer = (body) => {
  const out = {}
  for (const name of Object.keys(body)) {
    const known = answers.get(name)
    if (known === undefined) {
      log.unanswered.push(name)
    } else if (known.length > 0) {
      Object.defineProperty(out, name, { value: known, enumerable: true })
    }
  }
  return out
}

const load = Module._load
Module._load = function (request, ...rest) {
  const real = load.call(this, request, ...rest)
  if (request !== 'npm-registry-fetch') {
    return real
  }
  const instead = async (uri, options = {}) => {
    if (options.method !== 'POST' || !uri.endsWith('/-/npm/v1/security/advisories/bulk')) {
      throw Object.assign(new Error('only the audit is answered'), { code: 'E404', statusCode: 404 })
    }
    log.asked.push(Object.entries(options.body))
    keep()
    const read = answers ? async () => answer(options.body) : null
    const response = answers ? null : await real(uri, options)
    return {
      json: async () => {
        const value = read ? await read() : await response.json()
        log.consumed += 1
        log.answer = answers ? null : value
        keep()
        return value
      },
    }
  }
  return Object.assign(instead, real)
}
