/**
 * The web chat's looks, as one style sheet. Colours are named once per scheme; text meets WCAG AA (4.5:1) on every
 * ground it stands on, the edge of a field 3:1.
 */
const colours = `
:root{color-scheme:light dark;
--ground:#fff;--side:#f6f7f8;--card:#fff;--sunk:#f3f5f6;--line:#e1e5e9;--edge:#c9d0d6;--field:#86909a;--text:#1a2026;--soft:#57626d;--link:#0a5fb8;
--good:#167245;--good-bg:#e6f5ec;--on-good:#fff;--warn:#855300;--warn-bg:#fdf3dc;--bad:#b3221b;--bad-bg:#fdebe9;--plain:#4a5662;--plain-bg:#eef1f3;
--shadow:0 1px 2px #1a202612;--focus:#0a5fb8}
@media (prefers-color-scheme:dark){:root{
--ground:#101316;--side:#0b0d0f;--card:#171b1f;--sunk:#1d2227;--line:#272d33;--edge:#3d454d;--field:#6b757f;--text:#e7eaed;--soft:#9ca7b2;--link:#79b8ff;
--good:#58d08e;--good-bg:#14301f;--on-good:#06170d;--warn:#f0b954;--warn-bg:#332709;--bad:#ff8a80;--bad-bg:#3a1816;--plain:#b3bdc7;--plain-bg:#242a30;
--shadow:none;--focus:#79b8ff}}
.tone-plain{--tone:var(--plain);--tone-bg:var(--plain-bg)}.tone-good{--tone:var(--good);--tone-bg:var(--good-bg)}
.tone-warn{--tone:var(--warn);--tone-bg:var(--warn-bg)}.tone-bad{--tone:var(--bad);--tone-bg:var(--bad-bg)}`;

const base = `
*,*::before,*::after{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--ground);color:var(--text);font:14px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif;overflow-wrap:anywhere}
h1,h2,h3,h4,p,ul,ol,dl,dd{margin:0;padding:0}
ul,ol{list-style:none}
h1,h2,h3,h4{font-size:inherit;font-weight:600}
a{color:var(--link);text-decoration:none}a:hover{text-decoration:underline}
code{font:.92em/1.4 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;background:var(--sunk);border:1px solid var(--line);border-radius:5px;padding:1px 5px}
:focus-visible{outline:2px solid var(--focus);outline-offset:2px}
[hidden]{display:none!important}
.icon{width:16px;height:16px;flex:none;fill:none;stroke:currentColor;stroke-width:1.6;stroke-linecap:round;stroke-linejoin:round}
.unseen,.skip:not(:focus){position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.skip:focus{position:fixed;top:8px;left:8px;z-index:9;background:var(--card);padding:8px 12px;border-radius:8px}
.button{display:inline-flex;align-items:center;justify-content:center;min-height:36px;padding:0 14px;border:1px solid var(--edge);border-radius:8px;background:var(--card);color:var(--text);font:inherit;font-weight:600;line-height:1.2;cursor:pointer;text-align:center;white-space:nowrap;list-style:none;user-select:none;box-shadow:var(--shadow)}
.button:hover{background:var(--sunk)}
.button.tone-good{background:var(--good);border-color:transparent;color:var(--on-good)}
.button.tone-good:hover{filter:brightness(1.08)}
.button.tone-bad{color:var(--bad)}.button.tone-bad:hover{background:var(--bad-bg)}
.button.tone-warn{color:var(--warn)}
.button[aria-busy=true]{opacity:.6;cursor:progress}
input[type=text],select{width:100%;min-height:40px;padding:0 12px;border:1px solid var(--field);border-radius:8px;background:var(--card);color:var(--text);font:inherit}
input::-webkit-calendar-picker-indicator{display:none!important}
input::placeholder{color:var(--soft);opacity:1}
summary{cursor:pointer}`;

const frame = `
body:not(.small){display:grid;grid-template-columns:236px minmax(0,1fr);height:100vh;height:100dvh;overflow:hidden}
main{display:flex;flex-direction:column;min-width:0;min-height:0;height:100%;position:relative}
.rail{display:flex;flex-direction:column;gap:2px;background:var(--side);border-right:1px solid var(--line);padding:14px 10px;color:var(--text);overflow:auto}
.rail[popover]{position:static;width:auto;height:100%;margin:0;border-width:0 1px 0 0}
.brand{display:flex;align-items:center;gap:8px;font-weight:700;font-size:15px;padding:0 8px 10px;letter-spacing:-.01em}
.brand svg{width:22px;height:22px;color:var(--good)}
.rail h2{margin:16px 8px 4px;color:var(--soft);font-size:12px}
.rail li a{display:flex;align-items:center;min-height:34px;padding:0 8px;border-radius:7px;color:var(--soft)}
.rail li a:hover{background:var(--sunk);text-decoration:none;color:var(--text)}
.rail a[aria-current]{background:var(--plain-bg)!important;color:var(--text)!important;font-weight:600}
.count,.dot{margin-left:auto;border-radius:99px;padding:0 8px;font-size:12px;font-weight:600;color:var(--warn);background:var(--warn-bg)}
.dot{color:var(--link);background:var(--plain-bg)}
.me{margin-top:auto;padding:14px 8px 0;display:grid;gap:10px}
.me strong,.me span{display:block}.me span{color:var(--soft);font-size:12px}
.top{display:flex;align-items:center;gap:10px;min-height:52px;padding:6px 20px;border-bottom:1px solid var(--line)}
.top h1{font-size:15px;white-space:nowrap}
.top p{color:var(--soft);white-space:nowrap;overflow:hidden;text-overflow:ellipsis;flex:1;min-width:0}
.menu{display:none;align-items:center;justify-content:center;width:44px;height:44px;margin-left:-12px;border:0;background:none;color:inherit;border-radius:8px}
.waiting{flex:none;display:inline-flex;align-items:center;gap:.35em;min-height:40px;padding:0 14px;border:solid #0000;border-width:5px 0;background-clip:padding-box!important;border-radius:99px;font-size:13px;background:var(--warn-bg);color:var(--warn);font-weight:600}
.lost{padding:8px 20px;background:var(--bad-bg);color:var(--bad);font-weight:600}
.scroller{flex:1;min-height:0;overflow:auto;display:flex;flex-direction:column-reverse;overscroll-behavior:contain;scroll-padding:12px}
.scroller:focus-visible{outline-offset:-2px}
.messages{width:100%;max-width:820px;margin:0 auto auto;padding:8px 20px 16px}
.newer{position:absolute;bottom:76px;left:50%;translate:-50%;padding:8px 16px;border-radius:99px;background:var(--text);color:var(--ground);font-weight:600;z-index:2}
.say{width:100%;max-width:820px;margin:0 auto;display:flex;gap:8px;padding:10px 20px max(14px,env(safe-area-inset-bottom))}
.say{position:relative}.say::before{content:"";position:absolute;inset:-18px 0 auto;height:18px;background:linear-gradient(#0000,var(--ground));pointer-events:none}
.say .button{min-height:40px}
.day{display:flex;align-items:center;gap:8px;margin:18px 0 10px;font-size:12px;color:var(--soft)}
.day::after{content:"";flex:1;border-top:1px solid var(--line)}.day small{font-size:12px;font-weight:400}
.older{text-align:center;padding:10px}
.empty{padding:64px 0;text-align:center;color:var(--soft)}.empty h2{font-size:16px;color:var(--text)}
.small{min-height:100vh;display:grid;place-items:center;background:var(--side);padding:20px}
.small main{width:min(440px,100%);height:auto;gap:14px;background:var(--card);border:1px solid var(--line);border-radius:14px;padding:28px}
.small .brand{padding:0}.small h1{font-size:20px}.small ul{list-style:disc;padding-left:20px;display:grid;gap:6px}.small .button{min-height:44px;width:100%}`;

const cards = `
.message{margin:10px 0;border-radius:12px;scroll-margin:16px}
.message:focus{outline:none}.message:focus-visible,.message:target>.card{outline:2px solid var(--focus);outline-offset:2px}
.card{position:relative;border:1px solid var(--line);border-radius:12px;background:var(--card);padding:12px 16px 14px;display:grid;gap:8px;box-shadow:var(--shadow)}
.waits>.card{border-color:color-mix(in srgb,var(--tone) 55%,var(--line))}
.head{display:flex;align-items:flex-start;gap:4px 12px}
.meta{display:flex;flex-wrap:wrap;justify-content:flex-end;gap:0 8px;margin-left:auto;font-size:12px;line-height:22px;color:var(--soft);text-align:right}
.meta a{color:inherit}.place{display:none}
body[data-page="/waiting"] .place{display:inline;font-weight:600}
.status{display:inline-flex;align-items:center;gap:6px;min-width:0;padding:1px 10px 1px 7px;border-radius:99px;background:var(--tone-bg);color:var(--tone);font-size:12.5px;font-weight:600}
.status .icon{width:14px;height:14px}
.title{font-size:16px;line-height:1.35;letter-spacing:-.005em}
.summary{max-width:68ch}
.facts{display:grid;grid-auto-flow:dense;grid-template-columns:repeat(auto-fill,minmax(210px,1fr));gap:8px 20px;padding:10px 0 2px;border-top:1px solid var(--line)}
.facts dt{color:var(--soft);font-size:12px}.facts .wide{grid-column:1/-1}
.list h4{font-size:12px;color:var(--soft);font-weight:400}
.list li{position:relative;padding:2px 0 2px 16px;font-variant-numeric:tabular-nums}.list li::before{content:"";position:absolute;left:3px;top:11px;width:5px;height:5px;border-radius:99px;background:var(--edge)}
.list summary,.fold summary{color:var(--link);padding:6px 0;list-style:none}.list summary::-webkit-details-marker{display:none}.more{color:var(--soft)}
.progress{display:grid;gap:4px}.progress svg{width:100%;height:6px;border-radius:99px;background:var(--plain-bg);display:block}
.progress .done{fill:var(--good)}.progress .failed{fill:var(--bad)}.progress p{color:var(--soft);font-size:12.5px;font-variant-numeric:tabular-nums}
.note{color:var(--soft);font-size:12.5px}
.buttons{display:flex;flex-wrap:wrap;gap:8px;padding-top:4px}
.ask>summary::-webkit-details-marker{display:none}
.ask[open]{flex-basis:100%}.ask[open]>summary{background:var(--sunk);color:var(--text);border-color:var(--edge)}
@supports selector(::details-content){.ask,.ask[open]{display:contents}.ask::details-content{order:1;flex-basis:100%}.ask:not([open])::details-content{display:none}}
.ask .press{display:grid;gap:10px;justify-items:start;padding:14px;border-radius:10px;background:var(--sunk);max-width:560px}
.ask[open] .press{margin-top:8px}
.fill{display:grid;gap:12px;justify-items:start;max-width:560px}.wrong{color:var(--tone)}[aria-invalid]{border-color:var(--bad)}
.ask label,.fill label{display:grid;gap:4px;width:100%}.fill label span:not(.wrong){color:var(--soft)}.ask label code{justify-self:start;background:var(--card);user-select:all}
.answer:empty{display:none}
.only-you{display:grid;gap:6px;padding:10px 14px;border:1px dashed var(--edge);border-radius:10px;background:var(--sunk)}
.only-you>.meta{margin:0;justify-content:flex-start;text-align:left}
.outcome{display:flex;gap:8px;white-space:pre-wrap}.outcome .icon{color:var(--tone);margin-top:2px}
.line>.card{border-color:transparent;background:none;box-shadow:none;padding:4px 16px;gap:2px}
.line .title{font-size:14px}.line .summary{color:var(--soft)}
.thread{margin:0 0 0 20px;padding:4px 0 2px 14px;border-left:1px solid var(--line)}
.fold summary{display:inline-block;font-weight:600;font-size:13px}.fold summary::before,.list summary::before{content:"›";display:inline-block;width:14px}.fold[open]>summary::before,.list [open]>summary::before{rotate:90deg;translate:-4px}
.reply:not(.card){display:grid;grid-template-columns:16px minmax(0,1fr) auto;gap:8px;padding:4px 0;align-items:start}
.reply.card{margin:8px 0}
.reply>.icon{color:var(--tone);width:15px;height:15px;margin-top:3px}.reply strong{font-weight:500}.reply .state{color:var(--tone)}
.reply .state::before{content:"· ";color:var(--soft)}.reply .summary{display:block;color:var(--soft)}.reply time{color:var(--soft);font-size:12px;line-height:21px}
.fresh>.card{animation:arrive 1.2s ease-out}@keyframes arrive{from{background:var(--plain-bg)}}
@media (prefers-reduced-motion:reduce){.fresh>.card{animation:none}}`;

const touch = `
@media (max-width:820px),(pointer:coarse){.button,.say .button,.rail li a,.list summary,.fold summary,.waiting,input[type=text],select{min-height:44px}
.list summary,.fold summary,.older a{display:flex;align-items:center}.at{padding:8px 0;margin:-8px 0}input[type=text],select{font-size:16px}}
@media (max-width:820px){
body:not(.small){grid-template-columns:minmax(0,1fr)}
.rail[popover]{display:none;position:fixed;inset:0 auto 0 0;width:min(300px,84vw);height:100dvh;max-height:none;border-right:1px solid var(--line);padding-bottom:max(14px,env(safe-area-inset-bottom))}
.rail[popover]:popover-open{display:flex}.rail::backdrop{background:#0008}
.menu{display:inline-flex}.top{padding:4px 12px}.top p{visibility:hidden}.messages,.say{padding-left:12px;padding-right:12px}
.card{padding:12px 13px 13px}.meta{right:13px}.facts{grid-template-columns:repeat(2,minmax(0,1fr));gap:8px 14px}
.buttons{display:grid;grid-template-columns:repeat(2,minmax(0,1fr))}.buttons>:only-child,.buttons>.ask:only-child>summary{grid-column:1/-1}.ask[open],.ask::details-content{grid-column:1/-1}.buttons .button{width:100%;white-space:normal}
.ask .press{max-width:none}.thread{margin-left:8px;padding-left:10px}}`;

export const style = [colours, base, frame, cards, touch].join('\n');
