// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Attestation, FrameRecord, Report} from "../../../../contracts/interfaces/IReportHub.sol";
import {PolicyInput} from "../../../../contracts/interfaces/IPolicyBook.sol";
import {ReportHub} from "../../../../contracts/oversight/ReportHub.sol";
import {Attestations} from "../../../../contracts/oversight/hub/Attestations.sol";
import {Judgement} from "../../../../contracts/oversight/hub/Judgement.sol";
import {ModelRegistry} from "../../../../contracts/oversight/ModelRegistry.sol";
import {PolicyBook} from "../../../../contracts/oversight/PolicyBook.sol";
import {SignerGas} from "../../../../contracts/libraries/SignerGas.sol";
import {BurningWallet, OwnedWallet} from "../../../../contracts/mocks/VoterWallets.sol";
import {Signing} from "../../support/Signing.sol";
import {World} from "../../support/World.sol";
import {vm} from "../../support/Vm.sol";

/// @notice Which reports are taken, and whose signatures count.
contract HubSubmitTest is World {
    function test_deployment__keepsWhoItAsks() public view {
        vm.assertEq(address(hub.policies()), address(policies));
        vm.assertEq(address(hub.registry()), address(registry));
        vm.assertEq(address(hub.log()), address(log));
        vm.assertEq(address(hub.killSwitch()), address(killSwitch));
        vm.assertEq(hub.contractGas(), CONTRACT_GAS);
    }

    function test_deployment__too_little_gas_for_contracts__isRefused() public {
        vm.expectRevert(abi.encodeWithSelector(SignerGas.ContractGasTooLow.selector, 49_999));
        new ReportHub(address(access), policies, registry, log, killSwitch, 49_999);
        new ReportHub(address(access), policies, registry, log, killSwitch, 50_000);
    }

    function test_hashes__areTheDesigns() public {
        Report memory report = _ready(2);
        vm.assertEq(hub.hashReport(report), Signing.digest(report));
        bytes32 digest = Signing.attestation(address(hub), report, keccak256("w"));
        vm.assertEq(hub.hashAttestation(Signing.digest(report), keccak256("w")), digest);
    }

    function test_submit__first_signature__countsAndJudgesNothing() public {
        Report memory report = _ready(2);
        vm.expectEmit(address(hub));
        emit Attestations.Attested(
            MODEL, 2, monitors[0], 1, Signing.digest(report), keccak256(abi.encode("witness", uint8(0)))
        );
        _submit(report, 1);
        FrameRecord memory record = _record(2);
        vm.assertEq(record.reported, 1);
        vm.assertEq(record.agreement, 1);
        vm.assertFalse(record.judged);
        vm.assertFalse(record.breached);
        vm.assertFalse(record.disputed);
        vm.assertFalse(record.stale);
    }

    function test_submit__k_over_two_calls__isJudgedOnce() public {
        Report memory report = _ready(2);
        report.values = _hit(TRIP);
        _submit(report, 1);
        vm.assertEq(killSwitch.caseCount(), 0);
        _submitBy(report, 2);
        vm.assertEq(killSwitch.caseCount(), 1);
        _submitBy(report, 1);
        vm.assertEq(killSwitch.caseCount(), 1);
        FrameRecord memory record = _record(2);
        vm.assertEq(record.reported, 7);
        vm.assertEq(record.agreement, 3);
        vm.assertTrue(record.judged);
        vm.assertTrue(record.breached);
    }

    function test_submit__repeated_in_a_call_and_over_calls__countsOnce() public {
        Report memory report = _ready(2);
        Attestation[] memory attestations = new Attestation[](2);
        (attestations[0], attestations[1]) = (_signedBy(report, 0), _signedBy(report, 0));
        vm.expectEmit(address(hub));
        emit Attestations.AttestationSkipped(MODEL, 2, 0);
        hub.submit(report, attestations);
        hub.submit(report, attestations);
        vm.assertEq(_record(2).agreement, 1);
        vm.assertFalse(_record(2).judged);
    }

    function test_submit__signature_of_another__isSkippedAndOthersCount() public {
        Report memory report = _ready(2);
        Attestation[] memory attestations = _signed(report, 3);
        attestations[0].signature = attestations[1].signature;
        hub.submit(report, attestations);
        vm.assertEq(_record(2).reported, 6);
        vm.assertTrue(_record(2).judged);
    }

    function test_submit__place_outside_the_panel__isSkipped() public {
        Report memory report = _ready(2);
        Attestation[] memory attestations = _signed(report, 1);
        attestations[0].index = 3;
        vm.expectEmit(address(hub));
        emit Attestations.AttestationSkipped(MODEL, 2, 3);
        hub.submit(report, attestations);
        vm.assertEq(_record(2).reported, 0);
        vm.assertEq(_record(2).agreement, 0);
    }

    function test_submit__no_signature__changesNothing() public {
        Report memory report = _ready(2);
        hub.submit(report, new Attestation[](0));
        vm.assertEq(_record(2).reported, 0);
        _submit(report, 2);
        hub.submit(report, new Attestation[](0));
        vm.assertEq(_record(2).reported, 3);
    }

    function test_submit__witness_changed__doesNotCount() public {
        Report memory report = _ready(2);
        Attestation[] memory attestations = _signed(report, 1);
        attestations[0].witness = keccak256("another");
        hub.submit(report, attestations);
        vm.assertEq(_record(2).reported, 0);
    }

    function test_submit__a_monitor_signs_two_digests__countsForTheFirst() public {
        Report memory report = _ready(2);
        Report memory other = _other(report, "other");
        _submitBy(report, 0);
        _submitBy(other, 0);
        vm.assertEq(_record(2).reported, 1);
        vm.assertEq(_record(2).agreement, 1);
        _submitBy(other, 1);
        vm.assertFalse(_record(2).judged);
        _submitBy(report, 2);
        vm.assertTrue(_record(2).judged);
        vm.assertEq(_record(2).agreement, 2);
    }

    function test_submit__quorum_against_the_first_digest__isJudged() public {
        Report memory report = _ready(2);
        Report memory other = _other(report, "other");
        other.values = _hit(TRIP);
        _submitBy(report, 0);
        _submitBy(other, 1);
        vm.assertEq(_record(2).agreement, 1);
        _submitBy(other, 2);
        vm.assertEq(_record(2).agreement, 2);
        vm.assertTrue(_record(2).breached);
        vm.assertFalse(_record(2).disputed);
        vm.assertEq(killSwitch.caseCount(), 1);
    }

    function test_submit__all_contradict_each_other__isDisputed() public {
        Report memory report = _ready(2);
        _submitBy(report, 0);
        _submitBy(_other(report, "b"), 1);
        vm.assertFalse(_record(2).disputed);
        _submitBy(_other(report, "c"), 2);
        vm.assertTrue(_record(2).disputed);
        vm.assertFalse(_record(2).judged);
        vm.assertEq(_record(2).agreement, 1);
        vm.assertEq(_record(2).reported, 7);
    }

    function test_submit__before_the_end_or_after_the_deadline__isRefused() public {
        Report memory report = _ready(2);
        uint48 end = _frameEnd(2);
        Attestation[] memory attestations = _signed(report, 2);
        bytes memory late =
            abi.encodeWithSelector(ReportHub.ReportOutOfTime.selector, MODEL, 2, end, end + DEADLINE);
        vm.warp(end - 1);
        vm.expectRevert(late);
        hub.submit(report, attestations);
        vm.warp(end + DEADLINE + 1);
        vm.expectRevert(late);
        hub.submit(report, attestations);
        vm.warp(end + DEADLINE);
        hub.submit(report, attestations);
    }

    function test_submit__at_the_very_end__isTaken() public {
        PolicyInput memory policy = _policy();
        policy.grace = 0;
        vm.prank(admin);
        policies.setPolicy(MODEL, policy);
        vm.warp(_frameEnd(3));
        _anchor(MODEL, 1, 3);
        _submit(_report(MODEL, 1, 3, _healthy()), 2);
    }

    function test_submit__another_version_policy_or_manifest__isRefused() public {
        Report memory report = _ready(2);
        report.version = 2;
        vm.expectRevert(abi.encodeWithSelector(ReportHub.ReportWrongVersion.selector, MODEL, 2, 1));
        hub.submit(report, new Attestation[](0));
        report = _report(MODEL, 1, 2, _healthy());
        bytes32 policy = report.policy;
        report.policy = keccak256("x");
        vm.expectRevert(abi.encodeWithSelector(ReportHub.ReportWrongPolicy.selector, keccak256("x"), policy));
        hub.submit(report, new Attestation[](0));
        (report.policy, report.manifest) = (policy, keccak256("y"));
        vm.expectRevert(
            abi.encodeWithSelector(
                ReportHub.ReportWrongManifest.selector, keccak256("y"), log.anchorOf(MODEL, 1, 2)
            )
        );
        hub.submit(report, new Attestation[](0));
    }

    function test_submit__no_anchor__isRefused() public {
        vm.warp(_frameEnd(2) + GRACE);
        Report memory report = _report(MODEL, 1, 2, _healthy());
        vm.expectRevert(abi.encodeWithSelector(ReportHub.ReportWrongManifest.selector, bytes32(0), bytes32(0)));
        hub.submit(report, new Attestation[](0));
    }

    function test_submit__frame_before_any_version__isRefused() public {
        vm.warp(_frameEnd(1) + GRACE);
        Report memory report = _report(MODEL, 0, 1, _healthy());
        vm.expectRevert(abi.encodeWithSelector(ReportHub.ReportWrongVersion.selector, MODEL, 0, 0));
        hub.submit(report, new Attestation[](0));
    }

    function test_submit__wrong_count_or_range_of_values__isRefused() public {
        Report memory report = _ready(2);
        report.values = new int64[](3);
        vm.expectRevert(abi.encodeWithSelector(Judgement.ReportValueCount.selector, 3, 4));
        hub.submit(report, new Attestation[](0));
        report.values = _healthy();
        report.values[TRIP] = 1_000_001;
        vm.expectRevert(abi.encodeWithSelector(Judgement.ReportValueOutOfRange.selector, TRIP, 1_000_001));
        hub.submit(report, new Attestation[](0));
        report.values[TRIP] = 1_000_000;
        report.values[BELOW] = -1;
        vm.expectRevert(abi.encodeWithSelector(Judgement.ReportValueOutOfRange.selector, BELOW, -1));
        hub.submit(report, new Attestation[](0));
        report.values[TRIP] = -1_000_000;
        report.values[BELOW] = 0;
        hub.submit(report, new Attestation[](0));
    }

    function test_submit__evaluation__wantsAKnownVersionAndItsSet() public {
        Report memory report = _report(MODEL, 1, 0, _healthy());
        report.version = 2;
        vm.expectRevert(abi.encodeWithSelector(ModelRegistry.ModelVersionUnknown.selector, MODEL, 2));
        hub.submit(report, new Attestation[](0));
        vm.prank(STEWARD);
        registry.registerVersion(MODEL, _version());
        report.manifest = keccak256("another set");
        vm.expectRevert(
            abi.encodeWithSelector(ReportHub.ReportWrongManifest.selector, report.manifest, EVALUATION_SET)
        );
        hub.submit(report, new Attestation[](0));
    }

    function test_submit__evaluation_of_an_active_version__isClosed() public {
        Report memory report = _report(MODEL, 1, 0, _hit(TRIP));
        vm.expectRevert(abi.encodeWithSelector(ReportHub.ReportEvaluationClosed.selector, MODEL, 1));
        hub.submit(report, new Attestation[](0));
    }

    function test_submit__model_without_a_policy__isRefused() public {
        Report memory report = _ready(2);
        report.modelId = 9;
        vm.expectRevert(abi.encodeWithSelector(PolicyBook.PolicyMissing.selector, 9));
        hub.submit(report, new Attestation[](0));
    }

    function test_submit__monitor_that_is_a_contract__signsByERC1271() public {
        OwnedWallet wallet = new OwnedWallet(monitors[0], token);
        _panel(address(wallet));
        vm.warp(_frameEnd(3) + GRACE);
        _anchor(MODEL, 1, 3);
        _submit(_report(MODEL, 1, 3, _hit(TRIP)), 2);
        vm.assertEq(_record(3).reported, 3);
        _is(_state());
        vm.assertEq(killSwitch.caseCount(), 1);
    }

    function test_submit__monitor_that_burns_gas__isSkippedAndOthersCount() public {
        _panel(address(new BurningWallet()));
        vm.warp(_frameEnd(3) + GRACE);
        _anchor(MODEL, 1, 3);
        Report memory report = _report(MODEL, 1, 3, _healthy());
        Attestation[] memory attestations = _signed(report, 3);
        hub.submit{gas: 1_500_000}(report, attestations);
        vm.assertEq(_record(3).reported, 6);
        vm.assertTrue(_record(3).judged);
    }

    /// @dev Gives monitor 0's place to another account from frame 3 on.
    function _panel(address first) private {
        vm.prank(admin);
        monitorRegistry.admit(first, "a contract", "");
        PolicyInput memory policy = _policy();
        policy.panel[0] = first;
        vm.prank(admin);
        policies.setPolicy(MODEL, policy);
    }

    function _ready(uint64 frame) private returns (Report memory) {
        _anchor(MODEL, 1, frame);
        return _report(MODEL, 1, frame, _healthy());
    }

    function _other(Report memory report, string memory evidence) private pure returns (Report memory other) {
        other = abi.decode(abi.encode(report), (Report));
        other.evidence = keccak256(bytes(evidence));
    }

    function _submitBy(Report memory report, uint8 monitor) private {
        Attestation[] memory attestations = new Attestation[](1);
        attestations[0] = _signedBy(report, monitor);
        hub.submit(report, attestations);
    }

    function _record(uint64 frame) private view returns (FrameRecord memory) {
        return hub.frameOf(MODEL, 1, frame, policies.termsOf(MODEL, frame).digest);
    }
}
