"""Expressions written by hand: those of operations people, and edges of the language."""

from __future__ import annotations

WRITTEN = """
sum by (job) (rate(http_requests_total[1m]))
sum by (job, code) (increase(http_requests_total[5m]))
sum without (instance) (rate(http_requests_total[2m]))
1 - sum by (job) (rate(errors_total[5m])) / sum by (job) (rate(http_requests_total[5m]))
sum(rate(errors_total[5m])) / sum(rate(http_requests_total[5m]))
100 * sum by (job) (rate(http_requests_total{code=~"5.."}[5m])) / sum by (job) (rate(http_requests_total[5m]))
histogram_quantile(0.99, sum by (le) (rate(latency_seconds_bucket[5m])))
histogram_quantile(0.5, sum by (le, host) (rate(latency_seconds_bucket[5m])))
histogram_quantile(0.9, latency_seconds_bucket)
histogram_quantile(scalar(once) / 100, latency_seconds_bucket)
histogram_quantile(0.9, http_requests_total)
histogram_quantile(2, latency_seconds_bucket)
histogram_quantile(-1, latency_seconds_bucket)
histogram_quantile(NaN, latency_seconds_bucket)
histogram_quantile(0.9, latency_seconds_bucket{le!="+Inf"})
histogram_quantile(0.9, latency_seconds_bucket{le="+Inf"})
histogram_quantile(0.9, latency_seconds_bucket - latency_seconds_bucket offset 1m)
histogram_quantile(0.9, -latency_seconds_bucket)
histogram_fraction(0, 0.5, rate(latency_seconds_bucket[5m]))
histogram_fraction(0.3, 0.7, latency_seconds_bucket)
histogram_fraction(-Inf, Inf, latency_seconds_bucket)
rate(latency_seconds_sum[5m]) / rate(latency_seconds_count[5m])
topk(3, http_requests_total)
topk by (job) (1, http_requests_total)
topk(0, http_requests_total)
topk(-5, http_requests_total)
topk(1e9, http_requests_total)
topk(NaN, http_requests_total)
topk(1e19, http_requests_total)
topk(scalar(once) / 20, cpu_usage)
bottomk(2, temperature_celsius)
bottomk without (core) (1, cpu_usage)
quantile(0.5, temperature_celsius)
quantile by (floor) (0.25, temperature_celsius)
quantile(1.5, temperature_celsius)
count_values("v", up)
count_values without (job) ("v", level)
count_values("job", target_info)
stddev(temperature_celsius)
stdvar by (floor) (temperature_celsius)
stddev by (name) (level)
group by (job) (http_requests_total)
count by (code) (http_requests_total)
avg by (job, instance) (http_requests_total)
sum by () (http_requests_total)
sum without () (http_requests_total)
sum by (nowhere) (http_requests_total)
max by (__name__) ({job="api"})
sum({__name__=~"http.*|errors.*"})
count({__name__=~".+"})
rate({__name__=~"errors_total|http_requests_total"}[5m])
{__name__="once"}
{"once"}
{"http_requests_total", job="api"}
http_requests_total offset 5m
http_requests_total offset -1m
http_requests_total - http_requests_total offset 10m
http_requests_total @ end()
http_requests_total @ start()
http_requests_total @ NOW
http_requests_total @ NOW offset 5m
http_requests_total offset 5m @ NOW
rate(http_requests_total[5m] @ end())
rate(http_requests_total[5m] @ end() offset 2m)
sum(rate(http_requests_total[5m])) - sum(rate(http_requests_total[5m] @ end()))
predict_linear(temperature_celsius[10m] @ start(), 600)
predict_linear(cpu_usage[5m], time() * 0 + 60)
deriv(temperature_celsius[10m])
deriv(level[10m])
delta(temperature_celsius[10m])
idelta(temperature_celsius[10m])
irate(http_requests_total[1m])
irate(http_requests_total[20s])
rate(http_requests_total[10s])
increase(jobs[30m])
rate(slow[10m])
slow
changes(up[10m])
resets(http_requests_total[30m])
count_over_time(cpu_usage[1m])
count_over_time(cpu_usage[1h])
sum_over_time(cpu_usage[5m])
avg_over_time(level{name="huge"}[5m])
stddev_over_time(level[10m])
stdvar_over_time(cpu_usage[10m])
quantile_over_time(0.9, cpu_usage[5m])
quantile_over_time(-1, cpu_usage[5m])
last_over_time(temperature_celsius[10m])
last_over_time(jobs[30m])
present_over_time(jobs[5m])
absent_over_time(jobs{state="ended"}[5m])
absent_over_time(nothing{a="b", c=~"d"}[5m])
absent_over_time(rate(nothing[5m])[5m:])
absent(nothing{a="b"})
absent(nothing{a="b", a="c"})
absent(sum(nothing))
absent(up)
absent(vector(1))
jobs
jobs{state="ended"}
jobs{state!="late"}
jobs == 0 or jobs > 1000
count(jobs) by (state)
rate(http_requests_total[5m])[10m:1m]
max_over_time(rate(http_requests_total[5m])[10m:1m])
max_over_time(rate(http_requests_total[5m])[10m:])
avg_over_time(sum by (job) (rate(http_requests_total[1m]))[5m:15s])
min_over_time((temperature_celsius - 20)[10m:30s])
sum_over_time(max_over_time(cpu_usage[1m])[5m:30s])
max_over_time(avg_over_time(sum(cpu_usage)[2m:20s])[5m:40s])
rate(sum(http_requests_total)[5m:15s])
last_over_time(up[5m:17s] offset 3m)
last_over_time(up[5m:17s] @ end())
last_over_time(up[5m:17s] @ NOW offset 1m)
count_over_time(vector(1)[5m:7s])
sum_over_time(vector(time())[1m:10s])
temperature_celsius > 20
temperature_celsius > bool 20
20 < temperature_celsius
20 < bool temperature_celsius
temperature_celsius == temperature_celsius
temperature_celsius != bool temperature_celsius offset 5m
cpu_usage % 0.3
-cpu_usage % 0.3
2 ^ cpu_usage
cpu_usage ^ 0.5
cpu_usage / 0
-cpu_usage / 0
0 / level{name="zero"}
1 atan2 cpu_usage
cpu_usage atan2 on (host, core) cpu_usage
1 + 2 * 3 ^ 2 ^ 0.5
-2 ^ 2
(1 + 2) * 3 % 4 == bool 1
1 > bool 2
5m
1h30m + 1
0x1F
1_000 + 1
Inf - Inf
NaN == bool NaN
vector(1) == vector(1)
vector(NaN)
vector(time())
time()
pi()
scalar(up)
scalar(http_requests_total)
scalar(nothing)
"a string"
'it''s'
`raw \\n`
up and on (job) errors_total
http_requests_total and on (job, instance) errors_total
http_requests_total unless on (job, instance) errors_total
errors_total or on (job, instance) http_requests_total
up or temperature_celsius
errors_total / ignoring (code) http_requests_total
errors_total / ignoring (code) group_right http_requests_total
http_requests_total / ignoring (code) group_left errors_total
http_requests_total * on (job) group_left (version) target_info
target_info * on (job) group_right (version, cluster) http_requests_total
http_requests_total * on (job) target_info
http_requests_total + http_requests_total
http_requests_total + on (job) http_requests_total
cpu_usage * on (job) group_left (nowhere) target_info
sum by (job) (up) / on () group_left () count(errors_total)
label_replace(up, "zone", "$1-z", "job", "(a.*)")
label_replace(up, "job", "", "job", ".*")
label_replace(http_requests_total, "instance", "same", "", "")
label_replace(cpu_usage, "number", "$2", "host", "(web)-(.*)")
label_replace(cpu_usage, "number", "${n}", "host", "web-(?P<n>.*)")
label_replace(up, "x", "$1", "job", "(")
label_join(cpu_usage, "where", "/", "host", "core")
label_join(cpu_usage, "host", "", "nowhere")
sort(temperature_celsius)
sort_desc(cpu_usage)
clamp(temperature_celsius, 18, 22)
clamp(temperature_celsius, 22, 18)
clamp_max(cpu_usage, 0)
round(temperature_celsius)
round(temperature_celsius, 0.5)
round(-temperature_celsius, 10)
timestamp(up)
timestamp(up offset 1m)
timestamp(timestamp(up))
timestamp((up))
day_of_week(boot_time_seconds)
days_in_month(boot_time_seconds)
year(boot_time_seconds) * 100 + month(boot_time_seconds)
hour()
minute(vector(1800))
day_of_year(vector(1.7e9))
sgn(cpu_usage)
exp(cpu_usage)
ln(cpu_usage)
sqrt(cpu_usage)
abs(cpu_usage - 0.5)
http_requests_total{code="200", job!="web", instance=~"a.*|b.*"}
http_requests_total{code!~"2.."}
http_requests_total{nowhere=""}
http_requests_total{nowhere!=""}
http_requests_total[1m]
http_requests_total{code="404"}[2m] offset 1m
nothing
sum(nothing)
rate(nothing[5m])
sum(
rate(up)
rate(up[5m]
up[5m
up{job="api"
up{job=api}
up{job="api" or job="web"}
foo(up)
up + + +
up up
sum(up) by
sum by job (up)
up ==
1 == 1
1 and 1
up[0s]
up[5m:0s]
up offset foo
up @ foo
histogram_quantile(latency_seconds_bucket)
round()
topk(up)
count_values(1, up)
sum(1)
abs("a")
up{__name__="up"}
{}
{job=~".*"}
{job=~".+"}
up{job=~"("}
limitk(1, up)
mad_over_time(up[5m])
sort_by_label(up, "job")
holt_winters(up[5m], 0.5, 0.5)
double_exponential_smoothing(up[5m], 0.5, 0.5)
info(up)
up offset 5m offset 1m
up @ 1 @ 2
bool
up and bool up
up + bool 1
"a" + 1
""".strip("\n").split("\n")
