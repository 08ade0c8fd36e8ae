// Shows the figures of the points nearest to the pointer. Charts are whole without it.
'use strict';
for (const figure of document.querySelectorAll('figure.chart')) {
    const reach = 20; // pixels of the drawing
    const svg = figure.querySelector(':scope > svg');
    const cursor = svg.querySelector('.cursor');
    const tip = figure.querySelector('.tip');
    const chart = JSON.parse(figure.querySelector('script').textContent);
    const number = new Intl.NumberFormat('en', {maximumSignificantDigits: 5});
    const text = value => value !== 0 && Math.abs(value) < 1e-4 ? value.toExponential() : number.format(value);

    const nearest = (points, x) => points.reduce(
        (best, point) => best && Math.abs(best[0] - x) <= Math.abs(point[0] - x) ? best : point, null);

    const hide = () => {
        tip.hidden = true;
        cursor.setAttribute('hidden', 'hidden');
    };
    svg.addEventListener('pointerleave', hide);
    svg.addEventListener('pointermove', event => {
        const box = svg.getBoundingClientRect();
        const scale = svg.viewBox.baseVal.width / box.width;
        const x = (event.clientX - box.left) * scale;
        const at = nearest(chart.series.map(line => nearest(line.points, x)).filter(point => point), x);
        if (!at || Math.abs(at[0] - x) > reach) {
            hide();
            return;
        }
        const lines = chart.series.map(line => [line, nearest(line.points, at[0])])
            .filter(([, point]) => point && Math.abs(point[0] - at[0]) <= reach);
        tip.replaceChildren(...[`${chart.x} ${text(at[2])}`,
            ...lines.map(([line, point]) => `${chart.series.length > 1 ? line.name + ' ' : ''}${text(point[3])}`)]
            .map(words => {
                const row = document.createElement('div');
                row.textContent = words;
                return row;
            }));
        cursor.removeAttribute('hidden');
        cursor.setAttribute('x1', at[0]);
        cursor.setAttribute('x2', at[0]);
        tip.hidden = false;
        const half = box.width / 2;
        const px = at[0] / scale;
        tip.style.left = px < half ? `${px + 12}px` : '';
        tip.style.right = px < half ? '' : `${box.width - px + 12}px`;
        tip.style.top = `${box.top - figure.getBoundingClientRect().top + 34}px`;
    });
}
